// Boost.JSON's separately compiled part, once for every program that links the simulator.
#include <boost/json/src.hpp>
