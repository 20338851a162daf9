"use strict";
// The till is worked by keys alone: Enter finds and pays, Tab goes on, F4 pays all by card, F9 opens the slip, Esc begins anew.

const tillText = () => document.getElementById("till-text");
const payForm = () => document.getElementById("pay");
const kopecks = (text) => {
  const figure = (text ?? "").replace(/[\s\u00a0]/g, "").replace(",", ".");
  return /^\d+(\.\d{0,2})?$/.test(figure) ? Math.round(Number(figure) * 100) : figure === "" ? 0 : NaN;
};
const money = (amount) => {
  const [whole, part] = (Math.abs(amount) / 100).toFixed(2).split(".");
  const mark = document.documentElement.lang === "en" ? "." : ",";
  return `${amount < 0 ? "−" : ""}${whole.replace(/\B(?=(\d{3})+$)/g, "\u00a0")}${mark}${part}`;
};

function beginAnew() {
  document.getElementById("payer").replaceChildren();
  tillText().value = "";
  tillText().focus();
}

/* What is to be given back, as it is typed. */
function showChange() {
  const form = payForm();
  if (!form) return;
  const fields = form.elements;
  const cash = kopecks(fields.amount.value) - kopecks(fields.card.value);
  const given = fields.tendered.value.trim() === "" ? cash : kopecks(fields.tendered.value);
  const change = given - cash;
  document.getElementById("change").value = Number.isNaN(change) ? "–" : money(change);
  form.querySelector(".till-change").classList.toggle("short", change < 0);
}

function showCount() {
  const form = document.getElementById("count");
  if (!form) return;
  let sum = 0;
  form.querySelectorAll("[data-worth]").forEach((field) => {
    const worth = Number(field.dataset.worth) * (Number.parseInt(field.value, 10) || 0);
    form.querySelector(`[data-of=${field.id}]`).value = money(worth);
    sum += worth;
  });
  const difference = sum - Number(form.dataset.expected);
  document.getElementById("counted").value = money(sum);
  const shown = document.getElementById("difference");
  shown.value = (difference > 0 ? "+" : "") + money(difference);
  shown.classList.toggle("debt", difference !== 0);
}

document.addEventListener("input", () => {
  showChange();
  showCount();
});
document.addEventListener("DOMContentLoaded", showCount);

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id !== "payer") return;
  showChange();
  document.querySelector("#pay [data-select]")?.select();
  if (!payForm() && !document.getElementById("till-choices")) {
    // paid, or not found: the next code may be scanned at once
    if (document.querySelector("[data-till-paid]")) tillText().value = "";
    tillText().focus();
    tillText().select();
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-till-anew]")) beginAnew();
});

document.addEventListener("keydown", (event) => {
  if (!tillText() || event.ctrlKey || event.metaKey || event.altKey || document.getElementById("dialog").open) return;
  if (event.key === "Escape" && !event.target.closest(".search")) {
    event.preventDefault();
    beginAnew();
  } else if (event.key === "F4" && payForm()) {
    event.preventDefault();
    const fields = payForm().elements;
    fields.card.value = fields.amount.value;
    fields.tendered.value = "";
    showChange();
  } else if (event.key === "F9") {
    const paid = document.querySelector("[data-till-paid]");
    if (!paid) return;
    event.preventDefault();
    window.open(paid.dataset.slip, "_blank", "noopener");
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && event.target.closest("#till-choices")) {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? "nextElementSibling" : "previousElementSibling";
    event.target.closest("button")[step]?.focus();
  }
});
