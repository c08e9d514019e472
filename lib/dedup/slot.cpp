#include "dedup/slot.h"
