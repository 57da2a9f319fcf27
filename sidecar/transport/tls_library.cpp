#include "sidecar/transport/tls_library.h"

#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace skiff {
namespace {

using Algorithms = std::vector<OSSL_ALGORITHM>;  // Ends with one that has no names.

// Of keys, in the certificates and for the key exchange that our contexts take; and what OpenSSL
// treats as a key, to derive and to authenticate with.
constexpr std::array<std::string_view, 8> keys = {"RSA",    "RSA-PSS", "EC",       "ED25519",
                                                  "X25519", "HMAC",    "TLS1-PRF", "HKDF"};

bool is_one_of_keys(const OSSL_ALGORITHM& algorithm) {
  const std::string_view names = algorithm.algorithm_names;
  return std::ranges::find(keys, names.substr(0, names.find(':'))) != keys.end();
}

// What a certificate has its key in.
bool reads_certificates(const OSSL_ALGORITHM& algorithm) {
  const std::string_view what = algorithm.property_definition;
  return is_one_of_keys(algorithm) && what.find("input=der") != what.npos &&
         what.find("structure=SubjectPublicKeyInfo") != what.npos;
}

// OpenSSL's default provider, but for what is left out. It lives in a context of its own; what it
// gives out works with its own provider context, which is therefore ours.
struct Lean {
  OSSL_PROVIDER* whole = nullptr;
  Algorithms key_managers;
  Algorithms decoders;

  bool load() {
    whole = OSSL_PROVIDER_load(OSSL_LIB_CTX_new(), "default");
    if (whole == nullptr) return false;
    key_managers = some_of(OSSL_OP_KEYMGMT, is_one_of_keys);
    decoders = some_of(OSSL_OP_DECODER, reads_certificates);
    return true;
  }

  Algorithms some_of(int operation, bool (*is_wanted)(const OSSL_ALGORITHM&)) const {
    Algorithms some;
    int no_cache = 0;
    const OSSL_ALGORITHM* all = OSSL_PROVIDER_query_operation(whole, operation, &no_cache);
    for (; all != nullptr && all->algorithm_names != nullptr; ++all) {
      if (is_wanted(*all)) some.push_back(*all);
    }
    some.push_back({});
    return some;
  }
};

Lean& lean() {
  static Lean one;
  return one;
}

// ---- What OpenSSL asks a provider

const OSSL_ALGORITHM* query(void*, int operation, int* no_cache) {
  if (operation == OSSL_OP_KEYMGMT) return lean().key_managers.data();
  if (operation == OSSL_OP_DECODER) return lean().decoders.data();
  return OSSL_PROVIDER_query_operation(lean().whole, operation, no_cache);
}

const OSSL_PARAM* gettable(void*) { return OSSL_PROVIDER_gettable_params(lean().whole); }
int get(void*, OSSL_PARAM params[]) { return OSSL_PROVIDER_get_params(lean().whole, params); }
int visit_capabilities(void*, const char* name, OSSL_CALLBACK* visit, void* argument) {
  return OSSL_PROVIDER_get_capabilities(lean().whole, name, visit, argument);
}
void tear_down(void*) {}

template <typename Function>
OSSL_DISPATCH entry(int id, Function* function) {
  return {id, reinterpret_cast<void (*)()>(function)};
}

int init(const OSSL_CORE_HANDLE*, const OSSL_DISPATCH*, const OSSL_DISPATCH** functions,
         void** context) {
  static const OSSL_DISPATCH all[] = {
      entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query),
      entry(OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, gettable),
      entry(OSSL_FUNC_PROVIDER_GET_PARAMS, get),
      entry(OSSL_FUNC_PROVIDER_GET_CAPABILITIES, visit_capabilities),
      entry(OSSL_FUNC_PROVIDER_TEARDOWN, tear_down),
      {0, nullptr},
  };
  *functions = all;
  *context = OSSL_PROVIDER_get0_provider_ctx(lean().whole);
  return 1;
}

OSSL_LIB_CTX* make() {
  constexpr const char* name = "skiff-lean";
  if (!lean().load()) return nullptr;
  OSSL_LIB_CTX* const context = OSSL_LIB_CTX_new();
  if (context == nullptr) return nullptr;
  if (OSSL_PROVIDER_add_builtin(context, name, init) == 1 &&
      OSSL_PROVIDER_load(context, name) != nullptr) {
    return context;
  }
  OSSL_LIB_CTX_free(context);
  return nullptr;
}

}  // namespace

OSSL_LIB_CTX* tls_library() {
  static OSSL_LIB_CTX* const context = make();
  return context;
}

}  // namespace skiff
