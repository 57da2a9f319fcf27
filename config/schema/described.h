#pragma once

namespace skiff {

class Shape;

// For each struct that stands in YAML there is `Shape describe(Of<Struct>)` beside it, which says
// once what its fields are called, what they mean and what they may be. Parsing, checks, printing,
// JSON Schema, `skiff explain` and the reference page all come from it (shape.h).
template <typename T>
struct Of {};

}  // namespace skiff
