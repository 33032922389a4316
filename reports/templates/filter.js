// Shows only what holds the reader's words. Without script nothing is hidden, and the box does not show.
(function () {
  "use strict";
  var form = document.getElementById("filter");
  if (!form) return;
  var box = form.querySelector("input"), said = form.querySelector("output");
  var parts = Array.prototype.slice.call(document.querySelectorAll("[data-find]"));
  var groups = Array.prototype.slice.call(document.querySelectorAll(".group"));
  var texts = parts.map(function (part) { return part.textContent.toLowerCase(); });
  function narrow() {
    var words = box.value.toLowerCase().split(/\s+/).filter(Boolean), found = 0;
    parts.forEach(function (part, at) {
      var kept = words.every(function (word) { return texts[at].indexOf(word) >= 0; });
      part.hidden = !kept;
      if (kept) found += 1;
    });
    groups.forEach(function (group) { group.hidden = !group.querySelector("[data-find]:not([hidden])"); });
    said.textContent = words.length ? form.getAttribute("data-said").replace("{n}", found) : "";
  }
  form.hidden = false;
  box.addEventListener("input", narrow);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
})();
