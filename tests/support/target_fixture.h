#pragma once

#include <string>
#include <vector>

#include "sidecar/app/endpoint_way.h"
#include "sidecar/app/target.h"
#include "tests/support/loop_fixture.h"

namespace skiff::test {

// What a worker gives to its targets, without a network: whom they call is noted, nobody is there.
class TargetFixture : public LoopFixture {
 protected:
  std::vector<std::string> dialed;

  Counter opened, failed, closed, open, idle_races, waits, waiting;
  const PoolCounters pool_counters{opened, failed, closed, open, idle_races, waits, waiting};
  const Http2ClientSettings client_settings;
  const MeshIdentity identity;
  HandshakeCounters handshakes;
  const ConnectorContext connecting{loop, client_settings, identity, handshakes,
                                    [this](Loop&, const SocketAddress& to) {
                                      dialed.push_back(address_text(to));
                                      return TransportPtr();
                                    }};
  Pauses pauses{loop};
  BulkheadWaits waiting_for_room{loop};
  PolicyStates states{[](const PolicyEvent&) {}};
  EndpointWays ways{connecting, pool_counters, waiting_for_room};
  const TargetContext context{loop, ways, identity, pauses, waiting_for_room, states, "zone-a"};
};

}  // namespace skiff::test
