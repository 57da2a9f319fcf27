#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "cli/simulate_report.h"

namespace skiff {
namespace {

constexpr double width = 860;
constexpr double left = 70;  // Of what is drawn in.
constexpr double right = width - 20;
constexpr double panel_height = 150;
constexpr double panel_gap = 50;
constexpr double top = 60;
constexpr const char* colours[] = {"#1668b8", "#c2410c", "#15803d",
                                   "#7c3aed", "#b91c1c", "#0f766e"};

// One value of each second, as a panel shows it.
struct Panel {
  const char* title;
  const char* unit;
  std::function<double(const Tally&)> value;
};

double milliseconds(Duration duration) { return static_cast<double>(duration.count()) / 1e6; }

const Panel panels[] = {
    {"succeeded", "%", [](const Tally& tally) { return 100 * tally.success(); }},
    {"99th percentile of what succeeded", "ms",
     [](const Tally& tally) { return milliseconds(tally.latencies.quantile(0.99)); }},
    {"in flight", "", [](const Tally& tally) { return static_cast<double>(tally.in_flight); }},
};

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '<') {
      safe += "&lt;";
    } else if (c == '&') {
      safe += "&amp;";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string label(double x, double y, std::string_view anchor, std::string_view text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     escaped(text));
}

std::string line(double x, double y, double to_x, double to_y, std::string_view style) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n", x, y,
                     to_x, to_y, style);
}

// The next of 1, 2, 5, 10, 20, … that is not below `value`.
double round_up(double value) {
  if (value <= 0) return 1;
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 5.0}) {
    if (step * power >= value) return step * power;
  }
  return 10 * power;
}

class Drawing final {
 public:
  Drawing(const std::vector<std::unique_ptr<SimClient>>& clients, Duration length)
      : clients_(clients), seconds_(std::max(1.0, milliseconds(length) / 1e3)) {}

  std::string draw(const std::vector<SimEvent>& events) {
    const double height = top + static_cast<double>(std::size(panels)) * (panel_height + panel_gap);
    text_ = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
        "viewBox=\"0 0 {0:.0f} {1:.0f}\" font-family=\"sans-serif\" font-size=\"12\">\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        width, height);
    legend();
    double y = top;
    for (const Panel& panel : panels) {
      draw_panel(panel, y, events);
      y += panel_height + panel_gap;
    }
    return text_ + "</svg>\n";
  }

 private:
  void legend() {
    double x = left;
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      const std::string& name = clients_[i]->spec().target;
      text_ += line(x, 20, x + 20, 20, stroke(i));
      text_ += label(x + 26, 24, "start", name);
      x += 50 + 7.5 * static_cast<double>(name.size());
    }
  }

  void draw_panel(const Panel& panel, double y, const std::vector<SimEvent>& events) {
    double most = 0;
    for (const auto& client : clients_) {
      for (const Tally& tally : client->tallies().seconds()) {
        most = std::max(most, panel.value(tally));
      }
    }
    most = round_up(most);
    const double bottom = y + panel_height;
    text_ += label(left, y - 8, "start", panel.title);
    for (int i = 0; i <= 4; ++i) {
      const double at = bottom - panel_height * i / 4;
      text_ += line(left, at, right, at, R"(stroke="#ddd")");
      text_ += label(left - 6, at + 4, "end", fmt::format("{:g}{}", most * i / 4, panel.unit));
    }
    for (int i = 0; i <= 6; ++i) {
      const double second = seconds_ * i / 6;
      text_ += label(x_of(second), bottom + 16, "middle", fmt::format("{:.0f}s", second));
    }
    for (const SimEvent& event : events) {
      const double x = x_of(milliseconds(event.at) / 1e3);
      text_ += line(x, y, x, bottom, R"(stroke="#999" stroke-dasharray="3 3")");
    }
    for (std::size_t i = 0; i < clients_.size(); ++i) draw_curve(panel, i, bottom, most);
  }

  void draw_curve(const Panel& panel, std::size_t index, double bottom, double most) {
    std::string points;
    double second = 0.5;
    for (const Tally& tally : clients_[index]->tallies().seconds()) {
      if (second > seconds_) break;
      const double value = panel.value(tally);
      points += fmt::format("{:.1f},{:.1f} ", x_of(second), bottom - panel_height * value / most);
      ++second;
    }
    text_ += fmt::format("<polyline points=\"{}\" fill=\"none\" {}/>\n", points, stroke(index));
  }

  static std::string stroke(std::size_t index) {
    return fmt::format("stroke=\"{}\" stroke-width=\"1.5\"", colours[index % std::size(colours)]);
  }

  double x_of(double second) const {
    return left + (right - left) * std::min(1.0, second / seconds_);
  }

  const std::vector<std::unique_ptr<SimClient>>& clients_;
  const double seconds_;
  std::string text_;
};

}  // namespace

std::string plot(const std::vector<std::unique_ptr<SimClient>>& clients, Duration length,
                 const std::vector<SimEvent>& events) {
  return Drawing(clients, length).draw(events);
}

}  // namespace skiff
