"use strict";
// A building's list of readings: rows are walked with Enter and arrows, usage is shown while typing, and what is
// typed outlives a reload in this browser's storage until it is sent. The server judges again.

const listForm = () => document.getElementById("reading-list");
const rowsOf = (form) => [...form.querySelectorAll("[data-row]")];
const zonesOf = (row) => rowsOf(listForm()).filter((other) => other.dataset.meter === row.dataset.meter);
const inputOf = (row) => row.querySelector("input[name^=value_]");

/* "1 234,5" is 1234500 watt-hours; undefined where it is no number. */
function wattHours(text) {
  const match = /^(\d+|\d{1,3}(?:[ \u00a0\u202f]\d{3})+)(?:[.,](\d{0,3})0*)?$/.exec(text.trim());
  if (!match) return undefined;
  return Number(match[1].replace(/\D/g, "") + (match[2] ?? "").padEnd(3, "0"));
}

function kilowattHours(wh) {
  return (wh / 1000).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 3 });
}

/* Usage since the previous reading, and what is seen to be wrong at once; the server says the rest. */
function judge(row, form) {
  const text = inputOf(row).value.trim();
  if (!text) return {};
  const value = wattHours(text);
  if (value === undefined) return { flag: form.dataset.unread };
  if (value >= Number(row.dataset.capacity)) return { flag: form.dataset.over };
  if (row.dataset.previous === "") return {};
  return { usage: (value - Number(row.dataset.previous)) * Number(row.dataset.ratio) };
}

function showFlag(row, flag) {
  row.querySelectorAll("[data-flag]").forEach((place) => {
    place.textContent = flag;
    place.classList.toggle("badge", Boolean(flag));
    place.classList.toggle("bg-yellow-lt", Boolean(flag));
  });
}

function showRow(row, form) {
  const { usage, flag } = judge(row, form);
  row.querySelector("[data-usage]").textContent = usage === undefined ? "" : kilowattHours(usage).replace("-", "−");
  const isFilled = Boolean(inputOf(row).value.trim());
  const isRefused = inputOf(row).classList.contains("is-invalid");
  showFlag(row, isFilled && !isRefused ? flag ?? row.dataset.said ?? "" : "");
  row.querySelectorAll("[data-when-empty]").forEach((word) => (word.hidden = isFilled));
  return isFilled || "read" in row.dataset;
}

/* What the server would say of values; nothing is stored. The zones of a meter are judged together. */
async function ask(rows, form) {
  const asked = rows.filter((row) => inputOf(row).value.trim() && judge(row, form).flag === undefined);
  if (!asked.length) return;
  const body = new FormData();
  for (const name of ["csrfmiddlewaretoken", "taken_on", "source"]) body.append(name, form.elements[name].value);
  asked.forEach((row) => body.append(inputOf(row).name, inputOf(row).value));
  const answer = await fetch(form.dataset.check, { method: "POST", body }).catch(() => null);
  if (!answer?.ok) return;
  const said = await answer.json();
  asked.forEach((row) => {
    row.dataset.said = said[row.dataset.row] ?? "";
    showRow(row, form);
  });
}

function showProgress(form) {
  const rows = rowsOf(form);
  const done = rows.filter((row) => showRow(row, form)).length;
  const filled = document.getElementById("filled");
  filled.textContent = filled.dataset.text.replace("{done}", done).replace("{total}", rows.length);
  const bar = document.getElementById("filled-bar");
  bar.style.width = `${rows.length ? (done * 100) / rows.length : 0}%`;
  bar.setAttribute("aria-valuenow", done);
}

/* What is typed, by register. A browser that keeps nothing still sends. */
function stored(form) {
  try {
    return JSON.parse(localStorage.getItem(form.dataset.store)) ?? {};
  } catch {
    return {};
  }
}

function keep(form) {
  const typed = Object.fromEntries(rowsOf(form).filter((row) => inputOf(row).value.trim()).map((row) => [row.dataset.row, inputOf(row).value]));
  try {
    if (Object.keys(typed).length) localStorage.setItem(form.dataset.store, JSON.stringify(typed));
    else localStorage.removeItem(form.dataset.store);
  } catch {
    // storage is full or forbidden
  }
}

function hideRead(form) {
  const only = document.getElementById("unread-only");
  rowsOf(form).forEach((row) => (row.hidden = only.checked && "read" in row.dataset && !inputOf(row).value.trim()));
}

/* The list is asked for as of the day that stands in the field, also where it was chosen before the page was ready. */
function askForDay(form) {
  const day = form.elements.taken_on;
  if (day.value && day.value !== form.dataset.day) htmx.trigger(day, "day-chosen");
}

function openList() {
  const form = listForm();
  if (!form || form.dataset.isOpen) return;
  form.dataset.isOpen = "1";
  const sent = new Set(form.dataset.forget.split(" "));
  const typed = stored(form);
  rowsOf(form).forEach((row) => {
    if (!inputOf(row).value && typed[row.dataset.row] && !sent.has(row.dataset.row)) inputOf(row).value = typed[row.dataset.row];
  });
  keep(form);
  showProgress(form);
  ask(rowsOf(form), form);
  askForDay(form);
}

function step(input, by) {
  const inputs = rowsOf(listForm()).filter((row) => !row.hidden).map(inputOf);
  const next = inputs[inputs.indexOf(input) + by];
  if (next) {
    next.focus();
    next.select();
  } else if (by > 0) {
    document.getElementById("send")?.focus();
  }
}

document.addEventListener("DOMContentLoaded", openList);
document.addEventListener("htmx:afterSettle", (event) => {
  openList();
  if (event.target.id === "reading-list") event.target.querySelector(".is-invalid")?.focus();
});
document.addEventListener("input", (event) => {
  const row = event.target.closest("#reading-list [data-row]");
  if (!row) return;
  zonesOf(row).forEach((zone) => delete zone.dataset.said);
  inputOf(row).classList.remove("is-invalid");
  keep(listForm());
  showProgress(listForm());
});
document.addEventListener("change", (event) => {
  const row = event.target.closest("#reading-list [data-row]");
  if (row && event.target === inputOf(row) && zonesOf(row).every((zone) => inputOf(zone).value.trim())) ask(zonesOf(row), listForm());
  if (event.target.id === "unread-only") hideRead(listForm());
});
let lastRow;
document.addEventListener("focusin", (event) => {
  const row = event.target.closest("#reading-list [data-row]");
  // a meter left with a zone empty is told so
  if (lastRow?.isConnected && lastRow.dataset.meter !== row?.dataset.meter && lastRow.dataset.said === undefined) ask(zonesOf(lastRow), listForm());
  lastRow = row ?? undefined;
});
document.addEventListener("keydown", (event) => {
  if (!event.target.matches("#reading-list input[name^=value_]")) return;
  const by = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  step(event.target, by);
});

// a day that is being typed passes through other days: it is chosen with Enter or by leaving the field
let isDayTyped = false;
const isDay = (node) => node.matches("#reading-list [name=taken_on]");
document.addEventListener("keydown", (event) => {
  if (!isDay(event.target)) return;
  isDayTyped = event.key !== "Enter";
  if (isDayTyped) return;
  event.preventDefault();
  askForDay(listForm());
});
document.addEventListener("change", (event) => {
  if (isDay(event.target) && !isDayTyped) askForDay(listForm());
});
document.addEventListener("focusout", (event) => {
  if (!isDay(event.target)) return;
  isDayTyped = false;
  askForDay(listForm());
});
