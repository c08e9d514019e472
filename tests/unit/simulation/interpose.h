#pragma once

#include <memory>
#include <utility>

#include "host.h"

namespace firstseen::simulation {

/// Puts a T, made of what it stands before, between the slot and the world.
template <class T>
Interposers on_consumer() {
  Interposers interposers;
  interposers.consumer = [](auto inner) { return std::make_unique<T>(std::move(inner)); };
  return interposers;
}

template <class T>
Interposers on_publisher() {
  Interposers interposers;
  interposers.publisher = [](auto inner) { return std::make_unique<T>(std::move(inner)); };
  return interposers;
}

template <class T>
Interposers on_store() {
  Interposers interposers;
  interposers.store = [](auto inner) { return std::make_unique<T>(std::move(inner)); };
  return interposers;
}

}  // namespace firstseen::simulation
