"use strict";
// An account found as one types: arrows choose among what was found, Enter or a click takes it.

const finderOf = (node) => node.closest?.(".finder-box");
const finderHits = (finder) => [...finder.querySelectorAll("[data-choose]")];

function takeAccount(finder, hit) {
  const field = finder.querySelector("input");
  field.value = hit.dataset.choose;
  finder.querySelector(".finder-hits").replaceChildren();
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("click", (event) => {
  const hit = event.target.closest("[data-choose]");
  if (hit) takeAccount(finderOf(hit), hit);
});

document.addEventListener("keydown", (event) => {
  const finder = event.target.matches?.("[data-account-finder]") && finderOf(event.target);
  if (!finder) return;
  const hits = finderHits(finder);
  const now = hits.findIndex((hit) => hit.getAttribute("aria-selected") === "true");
  if ((event.key === "ArrowDown" || event.key === "ArrowUp") && hits.length) {
    event.preventDefault();
    const next = (now + (event.key === "ArrowDown" ? 1 : -1) + hits.length) % hits.length;
    hits.forEach((hit, place) => hit.setAttribute("aria-selected", String(place === next)));
    hits[next].scrollIntoView({ block: "nearest" });
  } else if (event.key === "Enter" && now >= 0) {
    event.preventDefault();
    takeAccount(finder, hits[now]);
  } else if (event.key === "Escape" && hits.length) {
    event.preventDefault();
    finder.querySelector(".finder-hits").replaceChildren();
  }
});
