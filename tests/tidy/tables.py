"""What tidy's rules look up. Each exception stands here with its reason, and nowhere else."""

# Who may include whom: only a lower rank, or the own folder. The longest prefix of a path decides.
RANKS = {
    "base/": 0,
    "config/": 1,
    "sidecar/http/": 2,
    "sidecar/transport/": 2,
    "sidecar/listener/": 3,
    "sidecar/capture/": 3,
    "sidecar/codec/": 3,
    "sidecar/route/": 3,
    "sidecar/policy/": 3,
    "sidecar/balance/": 3,
    "sidecar/pool/": 3,
    "sidecar/observe/": 3,
    "sidecar/sync/": 3,
    "sidecar/app/": 4,
    "sidecar/simulate/": 4.5,
    "sidecar/main.cpp": 5,
    "control-plane/source/": 3,
    "control-plane/store/": 3,
    "control-plane/registry/": 3,
    "control-plane/authority/": 3,
    "control-plane/snapshot/": 3,
    "control-plane/push/": 3,
    "control-plane/api/": 3,
    "control-plane/status/": 3,
    "control-plane/app/": 4,
    "control-plane/main.cpp": 5,
    "cli/": 5,
    # Of the mesh, the shop knows only base; its services do not know each other.
    "sample-services/common/": 0.1,
    "sample-services/user/": 0.2,
    "sample-services/order/": 0.2,
    "sample-services/product/": 0.2,
    "tests/": 6,
    "bench/": 6,
}

FUNCTION_LINES = 70
FUNCTION_LINES_P90 = 25
FILE_LINES = 400
TEST_FILE_LINES = 600
CLASS_LINES = 120
CONSTRUCTOR_PARAMETERS = 5
PYTHON_COLUMNS = 100

# Files longer than the budget, each with its reason.
LONG_FILES = {}

# Folders in which each .cpp has tests/unit/<path>_test.cpp.
TESTED = (
    "base/",
    "config/",
    "sidecar/codec/",
    "sidecar/route/",
    "sidecar/policy/",
    "sidecar/balance/",
    "sidecar/pool/",
    "sidecar/observe/",
)
UNTESTED = {
    "sidecar/codec/http1_server_answers.cpp": "the second half of http1_server.cpp, tested there",
    "base/third_party/asio.cpp": "compiles Asio, has no code of its own",
    "base/third_party/beast.cpp": "compiles Beast, has no code of its own",
}
# Unit tests that no single source file owns.
TESTS_OF_THEIR_OWN = {
    "tests/unit/sidecar/codec/http1_conformance_test.cpp": "reads the cases of tests/conformance",
    "tests/unit/sidecar/policy/circuit_breaker_laws_test.cpp": "random schedules of the breaker",
}

# Files of sidecar/policy that are not a policy but carry all of them.
POLICY_PLUMBING = {
    "adaptive_limit",
    "admission",
    "answer_store",
    "bucket_table",
    "bulkhead_queue",
    "caller_bulkheads",
    "claim_condition",
    "discard",
    "grpc_status",
    "jwt_memory",
    "jwt_signature",
    "jwt_token",
    "keeping",
    "latency_window",
    "call_window",
    "calls_in_flight",
    "own_calls",
    "pauses",
    "policy_event",
    "rate_limit_key",
    "redis_buckets",
    "redis_client",
    "token_buckets",
    "token_clock",
    "unprocessed",
    "value_condition",
    "with_admission",
    "with_bulkhead",
}
# The name in the schema of a policy, where it is not the policy's own.
POLICY_FIELDS = {
    "authorize": "authorization",
    "deadline": "timeouts",
    "hedge": "hedging",
    "retry_budget": "budget",
}

# Classes with fields that are not final, by name.
OPEN_CLASSES = {
    "Way": "limits and watches; each kind of way adds what is behind",
    "PassingReply": "passes all on; a stage overrides only what it wants to see",
    "Http2Stream": "what nghttp2 finds by a stream's number; each side's stream derives from it",
    "Timer": "an intrusive link: what waits is its own entry in the wheel",
    "AgendaEntry": "the same, in the agenda of a simulation",
    "Deferred": "an intrusive link: what waits is its own entry in the list",
    "BulkheadWaiter": "an intrusive link: what waits is its own entry in the queue",
}

# Headers that nobody includes by #include.
NOT_DEAD = {}

# A class that several workers share may be owned together; why, per file.
SHARED_OWNERS = {
    "base/admin_server.cpp": "its connections may outlive the server until the io_context turns",
    "sidecar/app/admin_pages.cpp": "a worker may still answer after its asker gave up waiting",
    "sidecar/app/application.h": "holds what series.h shares",
    "sidecar/app/egress.h": "the same",
    "sidecar/app/way.h": "holds what target_bulkheads.h shares",
    "sidecar/app/way.cpp": "the same",
    "sidecar/app/target.h": "the same",
    "sidecar/app/target_bulkheads.h": "all workers count by one bulkhead",
    "sidecar/app/target_bulkheads.cpp": "the same",
    "sidecar/policy/outlier_ejection.h": "all workers report to one watch of an endpoint",
    "sidecar/policy/outlier_ejection.cpp": "the same",
    "sidecar/app/policy_states.h": "all workers decide by one breaker, budget or bulkhead",
    "sidecar/app/policy_states.cpp": "the same",
    "sidecar/app/limit_states.h": "all workers take tokens of the same buckets",
    "sidecar/app/limit_states.cpp": "the same",
    "sidecar/policy/rate_limit.h": "holds what limit_states.h shares",
    "sidecar/app/router.h": "the same",
    "sidecar/app/fault_states.h": "all workers ask one set of faults, and the control thread",
    "sidecar/app/fault_states.cpp": "the same",
    "sidecar/app/route_policies.h": "holds what fault_states.h shares",
    "sidecar/app/route_policies.cpp": "the same, and what policy_states.h does",
    "sidecar/policy/answer_store.h": "an answer may be replaced while a worker still sends it",
    "sidecar/policy/answer_store.cpp": "the same",
    "sidecar/policy/fallback.h": "all workers keep answers in one store",
    "sidecar/policy/fallback.cpp": "the same",
    "sidecar/app/target_chain.h": "holds what policy_states.h shares",
    "sidecar/app/target_chain.cpp": "the same",
    "sidecar/app/health_checks.h": "a check lives as long as its loop, which ends by itself",
    "sidecar/app/health_checks.cpp": "the same",
    "sidecar/http/endpoint_spec.h": "the plan and all workers share one copy",
    "sidecar/http/endpoint_spec.cpp": "the same",
    "sidecar/observe/series.h": "a worker counts in a series while the control thread sums it up",
    "sidecar/observe/series.cpp": "the same",
    "sidecar/observe/worker_metrics.h": "hands out what series.h shares",
    "sidecar/policy/authorize.h": "all workers ask one set of compiled rules",
    "sidecar/policy/authorize.cpp": "the same",
    "sidecar/transport/tls.h": "connections keep the context they began with when it is replaced",
    "sidecar/transport/tls_context.cpp": "makes what tls.h shares",
}

# (pattern in code, where, what to do instead). `where` is a pattern of paths; comments and
# contents of strings do not count.
BANNED_CODE = (
    (
        r"\b(?!upstream_reset\b)\w*(?i:upstream|downstream)\w*",
        r".*",
        "say backend or client (docs/glossary.md)",
    ),
    (r"\bsleep_(for|until)\b|\bu?sleep\s*\(", r"tests/unit/.*", "move a ManualClock"),
    (r"\busing\s+namespace\s+std\s*;", r".*", "name what is used, such as std::string"),
    (
        r"\bassert\s*\(\s*(false|0)\s*(&&|\))",
        r".*",
        "return an error, or std::abort() where only a bug leads",
    ),
    (r"\bstd::regex\b", r".*", "use RE2, whose time is linear"),
    (r"\bstd::endl\b", r".*", r"write '\n', and std::flush where it matters"),
    (r"\bNULL\b", r".*", "write nullptr"),
    (r"\btypedef\b", r".*", "write using"),
    (
        r"\b(atoi|atol|atof|strtok|sprintf|strcpy|strcat)\s*\(",
        r"(?!bench/).*",
        "use std::from_chars, std::string_view or fmt",
    ),
    (r"\bs?rand\s*\(", r".*", "use base/random.h"),
    (
        r"\b(steady|system)_clock::now\b",
        r"(sidecar/(policy|balance|route|pool)|tests/unit)/.*",
        "be told the time, as a TimePoint",
    ),
)
# The same for the whole text of every file, comments too.
BANNED_TEXT = (
    (
        r"\b(TODO|FIXME|XXX|HACK)\b",
        r"(?!tests/tidy/|\.clang-tidy).*",
        "do it now, or open an issue and leave no mark",
    ),
    (
        r"//\s*TEST(_F|_P)?\(|#\s*def test_|\bDISABLED_",
        r"(?!tests/tidy/)(tests|sample-services)/.*",
        "mend the test or delete it",
    ),
    (
        r"/(work|tmp/shared)/|\.\./shared\b|[.]npmjs[.]|pypi[.]org|files[.]pythonhosted",
        r"(?!tests/tidy/).*",
        "name no path or host of the place where you work",
    ),
)


def excepted_files():
    """Every file that some table excepts from its rule."""
    return [*LONG_FILES, *UNTESTED, *TESTS_OF_THEIR_OWN, *NOT_DEAD, *SHARED_OWNERS]
