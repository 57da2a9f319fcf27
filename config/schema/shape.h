#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/rate.h"
#include "base/units.h"
#include "config/schema/common.h"
#include "config/schema/described.h"
#include "config/schema/text_rules.h"

namespace skiff {

// How a value stands in memory, for code that does not know its C++ type.
struct Access {
  // Integers, durations in ms, sizes in bytes, choices by index, booleans.
  std::uint64_t (*get)(const void* value) = nullptr;
  void (*set)(void* value, std::uint64_t to) = nullptr;
  // Lists; an optional is a list of at most one.
  std::size_t (*size)(const void* list) = nullptr;
  void* (*at)(void* list, std::size_t index) = nullptr;
  void* (*append)(void* list) = nullptr;
};

// What a value may be.
struct Type {
  enum class Kind {
    text,      // std::string
    constant,  // One of its choices, which mean the same; not kept in memory.
    text_map,  // std::map<std::string, std::string>
    boolean,
    integer,
    duration,
    bytes,
    ratio,
    rate,
    choice,    // An enum class whose values count from 0.
    object,    // A struct that has a Shape.
    list,      // std::vector
    optional,  // std::optional: in YAML like its element.
  };

  Kind kind = Kind::text;
  Access access{};
  std::uint64_t least = 0;
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();  // Of a list: of its items.
  const TextRule* rule = nullptr;
  std::vector<std::string_view>
      choices{};                         // Of a choice, in the enum's order; of a text: any order.
  std::vector<Type> element{};           // Of a list or optional: one.
  std::shared_ptr<const Shape> shape{};  // Of an object.

  // Makes this a list or an optional; what is said of its element is returned.
  Type& add_element();

  // What is inside all lists and optionals.
  const Type& leaf() const { return element.empty() ? *this : element.front().leaf(); }
  Type& leaf() { return element.empty() ? *this : element.front().leaf(); }
};

// One entry of an object in YAML.
struct ShapeField {
  std::string_view name;
  std::string_view doc;
  Type type;
  std::size_t offset = 0;
  bool is_required = false;
  // The field that may stand instead of this required one; never both.
  std::string_view instead{};
  // A field of one variant: stands only where the field `variant_of` has one of these values, and
  // must stand there if is_required.
  std::string_view variant_of{};
  std::vector<std::string_view> variants{};

  const void* in(const void* object) const {
    return static_cast<const std::byte*>(object) + offset;
  }
  void* in(void* object) const { return static_cast<std::byte*>(object) + offset; }

  // Each says more about the field that was just described, and returns it for the next.
  ShapeField& required();
  ShapeField& required_unless(std::string_view other_field);
  ShapeField& range(std::uint64_t least, std::uint64_t most);
  ShapeField& range(Milliseconds least, Milliseconds most);
  ShapeField& range(Bytes least, Bytes most);
  ShapeField& obeys(const TextRule& rule);
  ShapeField& one_of(std::vector<std::string_view> names);
  ShapeField& items(std::uint64_t least, std::uint64_t most);
  ShapeField& only_for(std::string_view variant_field, std::vector<std::string_view> names);
  ShapeField& shaped(Shape shape);
};

// Says of `type` what a value of M may be. In place: each use of a Type's own moves is kilobytes.
template <typename M>
void describe_type(Type& type);

// Where a check of a whole object says what is wrong, at one of its fields (empty: the object).
using Complain =
    std::function<void(std::string_view field, std::string what, std::string expected)>;
using ObjectCheck = std::function<void(const void* object, const Complain& complain)>;

// An object of a described struct, whatever its type.
using FreshObject = std::unique_ptr<void, void (*)(void*)>;

// What the fields of one struct are in YAML. Immutable once described; any thread may read it.
class Shape final {
 public:
  Shape(Shape&& other) noexcept;
  Shape& operator=(Shape&& other) = delete;
  ~Shape();

  template <typename T>
  static Shape of(std::string_view doc) {
    Shape shape;
    shape.doc_ = doc;
    shape.make_ = [] {
      return FreshObject(new T, [](void* object) { delete static_cast<T*>(object); });
    };
    return shape;
  }

  template <typename T, typename M>
  ShapeField& field(std::string_view name, M T::*member, std::string_view doc) {
    ShapeField& added = add(name, doc);
    describe_type<M>(added.type);
    added.offset = offset_of(member);
    return added;
  }

  // A part of the struct that is an object of its own in YAML, but not in C++.
  ShapeField& part(std::string_view name, Shape shape, std::string_view doc);

  // A field that must always say one of `texts`; which one is not kept, the first is printed.
  ShapeField& constant(std::string_view name, std::vector<std::string_view> texts,
                       std::string_view doc);

  // The fields of a member that is an object of its own in C++, but not in YAML.
  template <typename T, typename M>
  void inlined(M T::*member, const Shape& shape) {
    inline_fields(shape, offset_of(member));
  }

  // Sets what another default than the struct's own is.
  template <typename T>
  void prepared_by(void (*set_defaults)(T&)) {
    prepare_by([set_defaults](void* object) { set_defaults(*static_cast<T*>(object)); });
  }

  // Where the position of the object is kept.
  template <typename T>
  void position(Position T::*member) {
    position_offset_ = offset_of(member);
  }

  // A check that needs several fields. It runs when the fields by themselves are right.
  template <typename T>
  void check(void (*judge)(const T&, const Complain&)) {
    check_by([judge](const void* object, const Complain& complain) {
      judge(*static_cast<const T*>(object), complain);
    });
  }

  std::string_view doc() const { return doc_; }
  const std::vector<ShapeField>& fields() const { return fields_; }
  const std::vector<ObjectCheck>& checks() const { return checks_; }
  const ShapeField* find(std::string_view name) const;

  // An object as it is before anything is read, defaults filled in.
  FreshObject fresh() const;
  // Fills in those defaults that are not the struct's own.
  void prepare(void* object) const;
  // Tells the object where it stands, if it wants to know.
  void place(void* object, const Position& position) const;

 private:
  friend std::shared_ptr<const Shape> keep(Shape shape);

  Shape();
  ShapeField& add(std::string_view name, std::string_view doc);
  void prepare_by(std::function<void(void*)> set_defaults);
  void check_by(ObjectCheck check);
  void inline_fields(const Shape& other, std::size_t offset);

  // A pointer to a data member is its offset (Itanium C++ ABI, 2.3.1), so no object is needed.
  template <typename T, typename M>
  static std::size_t offset_of(M T::*member) {
    return static_cast<std::size_t>(std::bit_cast<std::ptrdiff_t>(member));
  }

  std::string_view doc_;
  std::vector<ShapeField> fields_;
  std::vector<ObjectCheck> checks_;
  std::function<FreshObject()> make_;
  std::vector<std::function<void(void*)>> prepares_;
  std::optional<std::size_t> position_offset_;
};

// For as long as somebody holds it, in no more memory than it needs.
std::shared_ptr<const Shape> keep(Shape shape);

// The shape of T, described once, when it is first asked for: a kind that nobody writes costs
// nothing.
template <typename T>
const std::shared_ptr<const Shape>& shape_of() {
  static const std::shared_ptr<const Shape> shape = keep(describe(Of<T>{}));
  return shape;
}

namespace detail {

template <typename M>
struct ElementOf;
template <typename E>
struct ElementOf<std::vector<E>> {
  using Element = E;
  static constexpr Type::Kind kind = Type::Kind::list;
  static std::size_t size(const void* list) {
    return static_cast<const std::vector<E>*>(list)->size();
  }
  static void* at(void* list, std::size_t index) {
    return &(*static_cast<std::vector<E>*>(list))[index];
  }
  static void* append(void* list) { return &static_cast<std::vector<E>*>(list)->emplace_back(); }
};
template <typename E>
struct ElementOf<std::optional<E>> {
  using Element = E;
  static constexpr Type::Kind kind = Type::Kind::optional;
  static std::size_t size(const void* held) {
    return *static_cast<const std::optional<E>*>(held) ? 1 : 0;
  }
  static void* at(void* held, std::size_t) { return &**static_cast<std::optional<E>*>(held); }
  static void* append(void* held) { return &static_cast<std::optional<E>*>(held)->emplace(); }
};

template <typename M>
std::uint64_t to_number(const M& value) {
  if constexpr (std::is_same_v<M, Milliseconds>) {
    return static_cast<std::uint64_t>(value.count());
  } else if constexpr (std::is_same_v<M, Bytes>) {
    return value.count;
  } else {
    return static_cast<std::uint64_t>(value);
  }
}

template <typename M>
M from_number(std::uint64_t number) {
  if constexpr (std::is_same_v<M, Bytes>) {
    return Bytes{number};
  } else {
    return static_cast<M>(number);
  }
}

template <typename M>
void describe_number(Type& type, Type::Kind kind) {
  type.kind = kind;
  type.access.get = [](const void* value) { return to_number(*static_cast<const M*>(value)); };
  type.access.set = [](void* value, std::uint64_t to) {
    *static_cast<M*>(value) = from_number<M>(to);
  };
  if constexpr (std::is_unsigned_v<M>) type.most = std::numeric_limits<M>::max();
}

template <typename M>
concept Holder = requires {
  ElementOf<M>::kind;
};

}  // namespace detail

template <typename M>
void describe_type(Type& type) {
  using Kind = Type::Kind;
  if constexpr (std::is_same_v<M, std::string>) {
    type.kind = Kind::text;
  } else if constexpr (std::is_same_v<M, std::map<std::string, std::string>>) {
    type.kind = Kind::text_map;
  } else if constexpr (std::is_same_v<M, bool>) {
    detail::describe_number<M>(type, Kind::boolean);
  } else if constexpr (std::is_enum_v<M>) {
    detail::describe_number<M>(type, Kind::choice);
  } else if constexpr (std::is_unsigned_v<M>) {
    detail::describe_number<M>(type, Kind::integer);
  } else if constexpr (std::is_same_v<M, Milliseconds>) {
    detail::describe_number<M>(type, Kind::duration);
  } else if constexpr (std::is_same_v<M, Bytes>) {
    detail::describe_number<M>(type, Kind::bytes);
  } else if constexpr (std::is_same_v<M, Ratio>) {
    type.kind = Kind::ratio;
  } else if constexpr (std::is_same_v<M, Rate>) {
    type.kind = Kind::rate;
  } else if constexpr (detail::Holder<M>) {
    using Held = detail::ElementOf<M>;
    type.kind = Held::kind;
    type.access.size = Held::size;
    type.access.at = Held::at;
    type.access.append = Held::append;
    describe_type<typename Held::Element>(type.add_element());
  } else {
    type.kind = Kind::object;
    type.shape = shape_of<M>();
  }
}

// What a value by itself may be.
template <typename M>
Type type_of() {
  Type type;
  describe_type<M>(type);
  return type;
}

}  // namespace skiff
