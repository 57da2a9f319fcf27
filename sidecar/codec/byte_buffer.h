#pragma once

#include "base/byte_buffer.h"  // Where it lives since sidecar/transport needs it too.
