// Asio, compiled once for every target.
#include <boost/asio/impl/src.hpp>
