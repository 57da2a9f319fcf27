#!/usr/bin/env bash
# The shop behind its sidecars: three services, a sidecar beside each, and a gateway. `./run demo`
# builds and calls this. Leaves nothing behind: no process, no file.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
export LC_ALL=C.UTF-8

usage() {
  cat <<'HELP'
usage: ./run demo [--once]

  --once    check what the shop answers and what the sidecars counted, and end with 0 or 1

Environment: SKIFF_DEMO_PORT (where the gateway listens, 8080), BIN (build/release/bin).
HELP
}

bin=${BIN:-build/release/bin}
gateway_port=${SKIFF_DEMO_PORT:-8080}
once=false
services=(user order product)
declare -A service_port=([user]=5001 [order]=5002 [product]=5003)
declare -A outbound_port=([order]=5202)
declare -A admin_port=([gateway]=5300 [user]=5301 [order]=5302 [product]=5303)
declare -A pids=()  # Name to process; `shop-user`, `sidecar-user` …
folder=
failures=0
start_patience=15  # Seconds until everything must be ready.
stop_patience=5    # Seconds until what does not end is killed.

say() { printf '%s\n' "$*"; }

fail() {
  printf 'demo: %s\n' "$*" >&2
  failures=$((failures + 1))
}

die() {
  printf 'demo: %s\n' "$*" >&2
  exit 1
}

# ---- processes

start() {  # NAME COMMAND…: in a session of its own, so that Ctrl-C reaches only this script.
  local name=$1
  shift
  setsid "$@" >"$folder/logs/$name.log" 2>&1 </dev/null &
  pids[$name]=$!
}

is_alive() { kill -0 "${pids[$1]}" 2>/dev/null; }

signal_all() {  # SIGNAL
  local name
  for name in "${!pids[@]}"; do kill "-$1" "${pids[$name]}" 2>/dev/null || true; done
}

any_alive() {
  local name
  for name in "${!pids[@]}"; do ! is_alive "$name" || return 0; done
  return 1
}

stop_all() {
  local deadline=$((SECONDS + stop_patience))
  signal_all TERM
  while any_alive && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.05; done
  signal_all KILL
  wait 2>/dev/null || true
}

clean_up() {
  local status=$?
  trap '' INT TERM HUP  # Impatience must not interrupt this.
  stop_all
  [ -z "$folder" ] || rm -rf "$folder"
  exit "$status"
}

show_log() {  # NAME
  say "--- the end of the log of $1:" >&2
  tail -n 15 "$folder/logs/$1.log" >&2
}

wait_until_answers() {  # NAME URL
  local deadline=$((SECONDS + start_patience))
  until curl -fsS -o /dev/null --max-time 1 "$2" 2>/dev/null; do
    if ! is_alive "$1" || [ "$SECONDS" -ge "$deadline" ]; then
      show_log "$1"
      die "$1 did not become ready ($2)"
    fi
    sleep 0.02
  done
}

# ---- ports

is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

check_port() {  # PORT WHOSE [ADVICE]
  is_taken "$1" || return 0
  die "port $1 ($2) is taken. ${3:-End what listens there (ss -ltnp 'sport = :$1') and start again.}"
}

check_ports() {
  local name
  [[ $gateway_port =~ ^[0-9]+$ ]] && [ "$gateway_port" -ge 1 ] && [ "$gateway_port" -le 65535 ] ||
    die "SKIFF_DEMO_PORT is no port: $gateway_port"
  check_port "$gateway_port" "the gateway" "Choose another: SKIFF_DEMO_PORT=18080 ./run demo"
  for name in "${services[@]}"; do
    check_port "${service_port[$name]}" "shop-$name"
    check_port $((service_port[$name] + 100)) "inbound of the sidecar of $name"
    check_port $((service_port[$name] + 200)) "outbound of the sidecar of $name"
  done
  for name in "${!admin_port[@]}"; do
    check_port "${admin_port[$name]}" "admin of the sidecar of $name"
  done
}

# ---- the shop

# A copy of the policies, to be edited while it runs.
write_files() {
  folder=$(mktemp -d "${TMPDIR:-/tmp}/skiff-demo.XXXXXX")
  mkdir "$folder/logs" "$folder/data"
  cp -r config/examples/shop "$folder/policies"
  "$bin/skiff" certs create "$folder/policies/certs" --trust-domain shop.local \
    gateway.shop user.shop order.shop product.shop >"$folder/logs/certs.log" ||
    die "no certificates could be made: $(cat "$folder/logs/certs.log")"
  sed -i "s/port: 8080/port: $gateway_port/" \
    "$folder/policies/gateway.yaml" "$folder/policies/sidecars/gateway.yaml"
}

start_services() {
  local name options
  for name in "${services[@]}"; do
    options=(--port "${service_port[$name]}" --database "$folder/data/$name.db")
    [ "$name" != order ] || options+=(--mesh "http://127.0.0.1:${outbound_port[order]}")
    start "shop-$name" "$bin/shop-$name" "${options[@]}"
  done
  for name in "${services[@]}"; do
    wait_until_answers "shop-$name" "http://127.0.0.1:${service_port[$name]}/health"
  done
}

start_sidecars() {
  local name
  for name in "${services[@]}" gateway; do
    start "sidecar-$name" "$bin/skiff-sidecar" --config "$folder/policies/sidecars/$name.yaml"
  done
  for name in "${services[@]}" gateway; do
    wait_until_answers "sidecar-$name" "http://127.0.0.1:${admin_port[$name]}/ready"
  done
}

# ---- what is asked of it

answer=

# ask STATUS EXPECTED METHOD PATH [BODY]: one request through the gateway. EXPECTED is a piece of the
# answer.
ask() {
  local wanted=$1 expected=$2 method=$3 path=$4 body=${5:-} status options=()
  [ -z "$body" ] || options=(-H 'Content-Type: application/json' --data-binary "$body")
  answer=$(curl -sS --max-time 10 -X "$method" -w '\n%{http_code}' ${options[@]+"${options[@]}"} \
    "http://127.0.0.1:$gateway_port$path") || answer=$'\n'"no answer"
  status=${answer##*$'\n'}
  answer=${answer%$'\n'*}
  printf '  %-6s %-22s %s\n' "$method" "$path" "${body:0:110}"
  printf '         %s  %.110s\n' "$status" "$answer"
  [ "$status" = "$wanted" ] || fail "$method $path: expected status $wanted, got $status"
  [[ $answer == *"$expected"* ]] || fail "$method $path: expected $expected in $answer"
}

# refuse URL: a request in plain text, past the gateway.
refuse() {
  local status
  status=$(curl -s -o /dev/null --max-time 5 -w '%{http_code}' "$1") || true
  printf '  %-6s %-22s\n         %s\n' GET "$1" "${status/000/closed}"
  [ "$status" = 000 ] || fail "$1 was answered with $status"
}

tell_the_story() {
  say "Ordering through the gateway, http://127.0.0.1:$gateway_port:"
  ask 200 '"name":"Keyboard"' GET /api/products
  ask 201 '"id":4' POST /api/users '{"name":"Katherine Johnson","email":"kj@example.com"}'
  ask 201 '"price":34.5' POST /api/products '{"name":"Desk lamp","price":34.50,"stock":40}'
  ask 201 '"total":99.8' POST /api/orders '{"user_id":4,"product_id":1,"quantity":2}'
  ask 201 '"total":118.49' POST /api/orders \
    '{"userId":1,"items":[{"productId":4,"quantity":3},{"productId":2,"quantity":1,"couponId":1}],"usePoint":200}'
  ask 200 '"status":"COMPLETED"' GET /api/orders/2
  say "What is refused, by whom it should be:"
  ask 404 'User not found' POST /api/orders '{"user_id":99,"product_id":1,"quantity":1}'
  ask 409 'Insufficient stock' POST /api/orders '{"user_id":2,"product_id":3,"quantity":50}'
  ask 400 "field 'quantity' is missing" POST /api/orders '{"user_id":2,"product_id":3}'
  say "And who is not of the mesh gets no answer at all:"
  refuse "http://127.0.0.1:$((service_port[product] + 100))/api/products"
  say "An order taken back, and what is left:"
  ask 200 '"status":"CANCELLED"' DELETE /api/orders/1
  ask 200 '"stock":100,"sold":0' GET /api/products/1
  ask 200 '"points":800' GET /api/users/1
  ask 200 '[{"id":4,"name":"Desk lamp"' GET /api/products/ranking
}

# Many orders over one connection, so that there is something to count.
order_many() {
  local count=$1 urls=() statuses i
  for ((i = 0; i < count; i++)); do
    urls+=(-o /dev/null "http://127.0.0.1:$gateway_port/api/orders")
  done
  statuses=$(curl -sS --max-time 30 -w '%{http_code}\n' \
    -d '{"user_id":2,"product_id":2,"quantity":1}' "${urls[@]}" | sort | uniq -c | xargs) || true
  say "And $count more orders: $statuses"
  [ "$statuses" = "$count 201" ] || fail "expected $count orders with status 201, got: $statuses"
  ask 200 '"stock":99' GET /api/products/2
}

# What each sidecar must have carried at least: the story's 13 requests and the 101 after it.
report() {
  local name sidecars=()
  for name in gateway "${services[@]}"; do
    sidecars+=("$name=http://127.0.0.1:${admin_port[$name]}/metrics")
  done
  say
  say "What each sidecar carried, from its /metrics (inbound has the health checks in it, too):"
  python3 sample-services/demo_report.py "${sidecars[@]}" \
    --least gateway/gateway/2xx=111 gateway/gateway/4xx=3 order/inbound/2xx=104 \
    order/outbound/2xx=311 user/inbound/2xx=106 product/inbound/2xx=212 ||
    fail "a sidecar counted less than it carried"
}

suggest() {
  cat <<TEXT

Try next, in another terminal:
  1. order something                 curl -s 127.0.0.1:$gateway_port/api/orders -d '{"user_id":2,"product_id":3,"quantity":1}'
  2. see where order's sidecar sends curl -s 127.0.0.1:${admin_port[order]}/endpoints
  3. change a policy while it runs   sed -i s,/api/products,/api/catalogue, $folder/policies/gateway.yaml; curl -s 127.0.0.1:$gateway_port/api/catalogue

Ctrl-C ends it and removes $folder.
TEXT
}

# Until Ctrl-C. Says so when a process ends: someone may have killed it to see what happens.
watch_over() {
  local pid name
  while any_alive; do
    pid=
    wait -n -p pid || true
    for name in "${!pids[@]}"; do
      if [ "${pids[$name]}" = "$pid" ]; then
        say "$name has ended."
        unset "pids[$name]"
      fi
    done
  done
  die "nothing runs any more"
}

for argument in "$@"; do
  case $argument in
    --once) once=true ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 64 ;;
  esac
done
for program in skiff skiff-sidecar "${services[@]/#/shop-}"; do
  [ -x "$bin/$program" ] || die "$bin/$program is not there; ./run demo builds it"
done
check_ports
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
write_files
start_services
start_sidecars
say "Three services with a sidecar each, and a gateway: ready after $SECONDS s."
tell_the_story
order_many 100
report
if $once; then
  [ "$failures" = 0 ] || die "$failures checks failed"
  say "All checks passed."
  exit 0
fi
suggest
watch_over
