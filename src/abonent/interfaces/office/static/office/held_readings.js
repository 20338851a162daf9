"use strict";
// Rows that wait for a person, decided by single keys: each key presses the button of the row that is chosen.

let chosenId = "";
let lastDecidedId = "";

const heldRows = () => [...document.querySelectorAll("#held-rows .held-row")];
const chosenRow = () => heldRows().find((row) => row.id === chosenId);

function markRow(row) {
  heldRows().forEach((other) => other.classList.toggle("chosen", other === row));
  chosenId = row.id;
}

function chooseRow(row) {
  if (!row) return;
  markRow(row);
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function moveRow(by) {
  const rows = heldRows();
  const now = rows.findIndex((row) => row.id === chosenId);
  chooseRow(now < 0 ? rows[0] : rows[Math.min(Math.max(now + by, 0), rows.length - 1)]);
}

function press(row, key) {
  row?.querySelector(`[data-key="${key}"]`)?.click();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.getElementById("dialog").open) return;
  const row = event.target.closest(".held-row");
  if (row && event.target.matches("input:not([type=checkbox])")) {
    const key = { Enter: "a", Escape: "Escape" }[event.key];
    if (!key) return;
    event.preventDefault();
    press(row, key);
    return;
  }
  if (isTyping(event.target) && !event.target.matches("[type=checkbox]")) return;
  // by the place of the key, so that it works in any layout of the keyboard
  const key = event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : event.code.startsWith("Digit") ? event.code.slice(5) : "";
  if (key === "j" || key === "k") moveRow(key === "j" ? 1 : -1);
  else if (["a", "r", "e"].includes(key) || /^[1-9]$/.test(key)) press(chosenRow(), key);
  else if (key === "u") press(chosenRow()?.querySelector("[data-key=u]") ? chosenRow() : document.getElementById(lastDecidedId), "u");
  else return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const row = event.target.closest(".held-row");
  if (row) markRow(row);
});

document.addEventListener("change", (event) => {
  if (event.target.id !== "tick-all") return;
  document.querySelectorAll("#held-rows [name=row]").forEach((tick) => (tick.checked = event.target.checked));
});

/* A row that came back: decided, so the next one that waits is chosen; or open to be corrected. */
document.addEventListener("htmx:afterSettle", (event) => {
  const row = event.target.closest?.("#held-rows .held-row");
  // what a row fetches for itself is no decision
  if (!row || event.target.closest(".lazy")) return;
  markRow(row);
  const field = row.querySelector("input[name=value]");
  if (field) {
    field.select();
    return;
  }
  row.focus({ preventScroll: true });
  if ("waiting" in row.dataset) return;
  lastDecidedId = row.id;
  const rows = heldRows();
  chooseRow(rows.slice(rows.indexOf(row) + 1).find((other) => "waiting" in other.dataset));
});

document.addEventListener("DOMContentLoaded", () => chooseRow(heldRows()[0]));
