#include "base/spooled_text.h"

namespace skiff {

SpooledText::SpooledText(std::string_view text) : size_(text.size()) {
  if (text.size() > most_in_memory) {
    file_.reset(std::tmpfile());
    const bool written = file_ != nullptr &&
                         std::fwrite(text.data(), 1, text.size(), file_.get()) == text.size() &&
                         std::fflush(file_.get()) == 0;
    if (written) return;
    file_.reset();
  }
  text_ = text;
}

std::string SpooledText::read() const {
  if (file_ == nullptr) return text_;
  std::string text(size_, '\0');
  std::rewind(file_.get());
  text.resize(std::fread(text.data(), 1, text.size(), file_.get()));
  return text;
}

}  // namespace skiff
