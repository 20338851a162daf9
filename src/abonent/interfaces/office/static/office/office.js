"use strict";
// The little the pages need beyond htmx. No inline code anywhere: the content policy forbids it.

const search = () => document.getElementById("search");
const hits = () => document.getElementById("hits");
const isTyping = (node) => node.matches?.("input, textarea, select, [contenteditable]");

/* Theme: kept in a cookie, so the server paints the first frame in it. */
document.addEventListener("click", (event) => {
  if (!event.target.closest("#theme")) return;
  const root = document.documentElement;
  const theme = root.dataset.bsTheme === "dark" ? "light" : "dark";
  root.dataset.bsTheme = theme;
  document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
  document.dispatchEvent(new Event("themechange"));
});

/* Search: "/" comes here from anywhere, arrows choose, Enter opens. */
function options() {
  return [...(hits()?.querySelectorAll("[role=option]") ?? [])];
}

function choose(step) {
  const all = options();
  if (!all.length) return;
  const now = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
  const next = now < 0 ? (step > 0 ? 0 : all.length - 1) : (now + step + all.length) % all.length;
  all.forEach((option, number) => option.setAttribute("aria-selected", String(number === next)));
  all[next].scrollIntoView({ block: "nearest" });
  search().setAttribute("aria-activedescendant", all[next].id);
}

function closeHits() {
  hits()?.replaceChildren();
  search()?.setAttribute("aria-expanded", "false");
}

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !isTyping(event.target) && !event.ctrlKey && !event.metaKey && !event.altKey && search()) {
    event.preventDefault();
    search().focus();
    search().select();
    return;
  }
  if (event.target !== search()) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    choose(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Escape") {
    closeHits();
  } else if (event.key === "Enter") {
    const chosen = options().find((option) => option.getAttribute("aria-selected") === "true");
    if (chosen) {
      event.preventDefault();
      location.assign(chosen.href);
    }
  }
});

document.addEventListener("click", (event) => {
  if (!event.target.closest(".search")) closeHits();
});

/* Fragments that htmx brings in. */
document.addEventListener("htmx:afterSwap", (event) => {
  const target = event.detail.target;
  if (target.id === "hits") search().setAttribute("aria-expanded", String(options().length > 0));
  if (target.id === "dialog") {
    if (target.childElementCount) {
      if (!target.open) target.showModal();
    } else {
      target.close();
    }
  }
});

document.addEventListener("htmx:afterSettle", (event) => {
  const target = event.detail.target;
  // on a phone the place of work lies below the facts of the account
  if (target.id === "work" && target.childElementCount && target.getBoundingClientRect().top > innerHeight / 2) target.scrollIntoView();
  (target.querySelector?.(".is-invalid") ?? target.querySelector?.("[data-focus]"))?.focus();
  drawCharts();
  fillBars();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-dialog]")) document.getElementById("dialog").close();
  if (event.target.closest("[data-clear]")) {
    event.preventDefault();
    document.querySelector(event.target.closest("[data-clear]").dataset.clear).replaceChildren();
  }
});

/* A row that unfolds what a line was made of. */
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-unfold]");
  if (!button) return;
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(open));
  document.getElementById(button.getAttribute("aria-controls")).hidden = !open;
});

/* On a phone the parts of an account lie below its facts: a chosen one comes into view. */
document.addEventListener("click", (event) => {
  const link = event.target.closest(".tabs a[href]");
  if (link && innerWidth < 768) link.hash = "parts";
});

/* A selection that takes effect at once. */
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

/* A failure is told in words; nothing typed is lost. */
function fail(kind) {
  const note = document.getElementById("failure");
  note.textContent = note.dataset[kind];
  note.hidden = false;
  setTimeout(() => (note.hidden = true), 8000);
}
document.addEventListener("htmx:sendError", () => fail("network"));
document.addEventListener("htmx:responseError", () => fail("server"));

/* Progress bars: their width is a figure of the page, and inline styles are forbidden. */
function fillBars() {
  document.querySelectorAll("[data-percent]").forEach((bar) => (bar.style.width = `${bar.dataset.percent}%`));
}

/* Consumption by month. */
function drawCharts() {
  if (!window.echarts) return;
  document.querySelectorAll("[data-chart]").forEach((box) => {
    if (echarts.getInstanceByDom(box)) return;
    const data = JSON.parse(document.getElementById(box.dataset.chart).textContent);
    const chart = echarts.init(box, null, { renderer: "svg" });
    paint(chart, data);
    new ResizeObserver(() => chart.resize()).observe(box);
    document.addEventListener("themechange", () => paint(chart, data));
  });
}

function paint(chart, data) {
  // the theme's own colours are written in oklch(), which charts cannot read
  const [ink, rule] = document.documentElement.dataset.bsTheme === "dark" ? ["#9aa7b5", "#2d3a4a"] : ["#667382", "#e6e8eb"];
  chart.setOption({
    animation: false,
    grid: { left: 4, right: 4, top: 24, bottom: 4, containLabel: true },
    legend: data.series.length > 1 ? { top: 0, right: 0, itemHeight: 8, itemWidth: 12, textStyle: { color: ink } } : undefined,
    tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: (value) => (value == null ? "–" : `${value.toLocaleString(document.documentElement.lang)} ${data.unit}`) },
    xAxis: { type: "category", data: data.months, axisLine: { lineStyle: { color: rule } }, axisTick: { show: false }, axisLabel: { color: ink, hideOverlap: true } },
    yAxis: { type: "value", name: data.unit, nameTextStyle: { color: ink, align: "left", padding: [0, 0, 0, -24] }, splitLine: { lineStyle: { color: rule } }, axisLabel: { color: ink } },
    color: ["#1d6fb8", "#e0a043", "#6f8f3f", "#8fb8de"],
    series: data.series.map((one) => ({ type: "bar", stack: "all", name: one.name, data: one.values, barMaxWidth: 28 })),
  }, true);
}

document.addEventListener("DOMContentLoaded", () => {
  const chosen = document.querySelector(".tabs .active");
  if (chosen) chosen.parentElement.scrollLeft = chosen.offsetLeft - 16;
  drawCharts();
  fillBars();
});

/* Fields that matter only for some choice: data-depends="name=value". */
function showDependents() {
  document.querySelectorAll("[data-depends]").forEach((field) => {
    const [name, value] = field.dataset.depends.split("=");
    const chooser = field.closest("form").elements[name];
    field.hidden = !chooser || chooser.value !== value;
  });
}
document.addEventListener("change", showDependents);
document.addEventListener("htmx:afterSettle", showDependents);
document.addEventListener("DOMContentLoaded", showDependents);
