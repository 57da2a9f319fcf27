// Beast, compiled once for every target.
#include <boost/beast/src.hpp>
