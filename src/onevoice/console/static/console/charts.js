// Draws every chart that the page describes in JSON. The table beside each holds the same numbers.
"use strict";

(() => {
  const drawn = new Map();
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const tone = (name) => (name === "accent" ? css("--accent") : css(`--c-${name}`) || css("--c-other"));
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

  function written(value, unit) {
    const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: unit ? 2 : 0 }).format(value);
    return unit ? `${number} ${unit}` : number;
  }

  const short = (value) => new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(value);

  function day(iso, long) {
    const shape = long ? { day: "numeric", month: "short", year: "numeric" } : { day: "numeric", month: "short" };
    return new Intl.DateTimeFormat(document.documentElement.lang, { ...shape, timeZone: "UTC" }).format(new Date(`${iso}T00:00Z`));
  }

  function series(chart, one) {
    const colour = tone(one.tone);
    const shared = { name: one.name, data: one.data, itemStyle: { color: colour }, animation: !still, animationDuration: 400 };
    if (chart.form === "line") {
      return { ...shared, type: "line", showSymbol: chart.labels.length < 2, smooth: 0.2, lineStyle: { width: 2, color: colour },
        areaStyle: { color: colour, opacity: 0.08 } };
    }
    return { ...shared, type: "bar", stack: chart.form === "stacked" ? "all" : undefined, barMaxWidth: 28, barCategoryGap: "28%" };
  }

  function option(chart) {
    const text = { color: css("--ink-3"), fontFamily: "Inter, system-ui, sans-serif", fontSize: 11 };
    const many = chart.series.length > 1;
    return {
      textStyle: text,
      grid: { left: 4, right: 8, top: many ? 36 : 12, bottom: 4, containLabel: true },
      legend: many ? { top: 0, left: 0, itemWidth: 10, itemHeight: 10, icon: "roundRect", type: "scroll", textStyle: { ...text, color: css("--ink-2"), fontSize: 12 } } : undefined,
      tooltip: { trigger: "axis", renderMode: "richText", confine: true, backgroundColor: css("--paper"), borderColor: css("--line-2"),
        textStyle: { color: css("--ink"), fontFamily: text.fontFamily, fontSize: 12 }, axisPointer: { type: chart.form === "line" ? "line" : "shadow" },
        formatter: (rows) => [day(rows[0].axisValue, true), ...rows.filter((row) => row.value).map((row) => `${row.seriesName}: ${written(row.value, chart.unit)}`)].join("\n") },
      xAxis: { type: "category", data: chart.labels, boundaryGap: chart.form !== "line", axisLine: { lineStyle: { color: css("--line-2") } }, axisTick: { show: false },
        axisLabel: { ...text, formatter: (iso) => day(iso, false), hideOverlap: true } },
      yAxis: { type: "value", splitNumber: 4, splitLine: { lineStyle: { color: css("--line") } }, axisLabel: { ...text, formatter: (value) => chart.unit === "%" ? `${value} %` : short(value) } },
      series: chart.series.map((one) => series(chart, one)),
    };
  }

  function draw(box) {
    const chart = JSON.parse(document.getElementById(box.dataset.chart).textContent);
    const picture = echarts.init(box, null, { renderer: "canvas" });
    picture.setOption(option(chart));
    drawn.set(box, picture);
  }

  function drawAll() {
    for (const [box, picture] of drawn) {
      if (!box.isConnected) {
        picture.dispose();
        drawn.delete(box);
      }
    }
    document.querySelectorAll("[data-chart]").forEach((box) => drawn.has(box) || draw(box));
  }

  function redraw() {
    drawn.forEach((picture) => picture.dispose());
    drawn.clear();
    drawAll();
  }

  document.addEventListener("DOMContentLoaded", drawAll);
  document.addEventListener("htmx:afterSettle", drawAll);
  document.addEventListener("onevoice:theme", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTimeout(redraw));
  new ResizeObserver(() => drawn.forEach((picture) => picture.resize())).observe(document.documentElement);
})();
