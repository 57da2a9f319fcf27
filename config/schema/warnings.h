#pragma once

#include "config/schema/resources.h"
#include "config/schema/violation.h"

namespace skiff {

// What is probably not what was meant, though it can be put in force: a policy that another of its
// kind keeps out of force, or that is for nothing; a rule about methods, paths or headers on a port
// that carries bytes; an ALLOW that says what a DENY says; any FaultPolicy; a health check that a
// JWTPolicy refuses. Needs resources that
// passed check_together() (snapshot.h).
Violations warnings_of(const Resources& resources);

}  // namespace skiff
