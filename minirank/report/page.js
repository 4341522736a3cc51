// The role switch: what stands one below the other becomes tabs, by the keys of the ARIA pattern. A link to a candidate opens its tab.
"use strict";
for (const box of document.querySelectorAll("[data-switch]")) {
  const panels = [...box.querySelectorAll(":scope > .role")];
  const list = document.createElement("div");
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", box.dataset.switch);
  const tabs = panels.map((panel) => {
    const tab = document.createElement("button");
    tab.type = "button";
    tab.id = `${panel.id}-tab`;
    tab.textContent = panel.dataset.name;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", panel.id);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    panel.tabIndex = 0;
    list.append(tab);
    return tab;
  });
  const choose = (chosen, focus) => {
    tabs.forEach((tab, number) => {
      tab.setAttribute("aria-selected", String(number === chosen));
      tab.tabIndex = number === chosen ? 0 : -1;
      panels[number].hidden = number !== chosen;
    });
    if (focus) tabs[chosen].focus();
  };
  list.addEventListener("click", (event) => {
    const chosen = tabs.indexOf(event.target.closest("[role=tab]"));
    if (chosen >= 0) choose(chosen, false);
  });
  list.addEventListener("keydown", (event) => {
    const now = tabs.indexOf(document.activeElement);
    const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (now < 0 || next === undefined) return;
    event.preventDefault();
    choose((next + tabs.length) % tabs.length, true);
  });
  const follow = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const chosen = panels.findIndex((panel) => target && panel.contains(target));
    if (chosen < 0) return;
    choose(chosen, false);
    for (const closed of target.querySelectorAll(":scope > div > details")) closed.open = true;
    target.scrollIntoView();
  };
  box.prepend(list);
  choose(0, false);
  follow();
  window.addEventListener("hashchange", follow);
}
// Tab stops at a box only where there is something to scroll.
const watch = new ResizeObserver((entries) => {
  for (const { target } of entries) target.tabIndex = target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight ? 0 : -1;
});
for (const box of document.querySelectorAll(".scroll, pre")) watch.observe(box);
