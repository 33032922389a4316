// Looks through window.horizonIndex: [kind, title, address, text] each. All shown text is set as text, never as markup.
(function () {
  "use strict";
  var MOST = 100, box = document.getElementById("q"), list = document.getElementById("found");
  var said = document.querySelector("output");
  if (!box || !list || !window.horizonIndex) return;
  var entries = window.horizonIndex.map(function (entry) {
    return { entry: entry, title: entry[1].toLowerCase(), all: (entry[1] + " " + entry[3]).toLowerCase() };
  });
  function line(entry) {
    var item = document.createElement("li"), link = document.createElement("a"), more = document.createElement("span");
    link.href = entry[2];
    link.textContent = entry[1];
    more.className = "quiet";
    more.textContent = " " + entry[0] + " · " + entry[3].slice(0, 160);
    item.appendChild(link);
    item.appendChild(more);
    return item;
  }
  function look() {
    var words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    var found = !words.length ? [] : entries.filter(function (each) {
      return words.every(function (word) { return each.all.indexOf(word) >= 0; });
    });
    var first = [], rest = [];
    found.forEach(function (each) {
      (words.every(function (word) { return each.title.indexOf(word) >= 0; }) ? first : rest).push(each);
    });
    list.textContent = "";
    first.concat(rest).slice(0, MOST).forEach(function (each) { list.appendChild(line(each.entry)); });
    said.textContent = words.length ? said.getAttribute("data-said").replace("{n}", found.length) : "";
  }
  var asked = /[?&]q=([^&#]*)/.exec(window.location.search);
  if (asked) {
    try { box.value = decodeURIComponent(asked[1].replace(/\+/g, " ")); } catch (broken) { box.value = ""; }
  }
  box.addEventListener("input", look);
  box.form.addEventListener("submit", function (event) { event.preventDefault(); look(); });
  look();
})();
