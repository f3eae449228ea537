// Sets light or dark before the first paint; it is the only script that blocks, and it is this short.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const wish = root.dataset.theme;
    root.setAttribute("data-bs-theme", wish === "auto" ? (dark.matches ? "dark" : "light") : wish);
  };
  apply();
  dark.addEventListener("change", apply);
  window.onevoiceTheme = (wish) => {
    root.dataset.theme = wish;
    document.cookie = `onevoice_theme=${wish}; path=/; max-age=31536000; samesite=lax`;
    apply();
    document.dispatchEvent(new CustomEvent("onevoice:theme"));
  };
})();
