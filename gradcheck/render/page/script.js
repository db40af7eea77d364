"use strict";
// Filters the checks; without it the page shows all of them. A deep link opens what it points to.
(() => {
  const page = document.querySelector(".gradcheck");
  const bar = page.querySelector(".bar");
  const words = bar.querySelector("input[type=search]");
  const told = page.querySelector("#shown");
  const checks = [...page.querySelectorAll("details.check")];
  const layers = [...page.querySelectorAll("section.layer")];

  function filter() {
    const only = bar.querySelector("input[type=radio]:checked").value;
    const wanted = words.value.trim().toLowerCase();
    let shown = 0;
    for (const check of checks) {
      const fits = only === "all" || check.dataset.outcome !== "pass";
      const named = !wanted || check.dataset.words.includes(wanted);
      check.hidden = !(fits && named);
      shown += check.hidden ? 0 : 1;
    }
    for (const layer of layers) {
      layer.hidden = !layer.querySelector("details.check:not([hidden])");
    }
    told.textContent = `${shown} of ${checks.length} checks shown`;
  }

  function reveal() {
    let id = "";
    try {
      id = decodeURIComponent(location.hash.slice(1));
    } catch {
      return;
    }
    const found = id && document.getElementById(id);
    if (!found) {
      return;
    }
    if (found.closest("[hidden]")) {
      bar.querySelector("input[value=all]").checked = true;
      words.value = "";
      filter();
    }
    for (let at = found; at; at = at.parentElement) {
      if (at.tagName === "DETAILS") {
        at.open = true;
      }
    }
    found.scrollIntoView();
  }

  bar.hidden = false;
  bar.addEventListener("change", filter);
  words.addEventListener("input", filter);
  window.addEventListener("hashchange", reveal);
  window.addEventListener("beforeprint", () => checks.forEach((check) => { check.open = true; }));
  filter();
  reveal();
})();
