// Fetches this page again every second, and swaps its main part when something has changed.
const atEnd = () => innerHeight + scrollY >= document.body.scrollHeight - 40;

async function refresh() {
  const answer = await fetch(location.href);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
  const shown = document.querySelector("main");
  if (fresh && fresh.innerHTML !== shown.innerHTML) {
    const follow = document.querySelector(".trace") && atEnd();
    shown.replaceWith(fresh);
    if (follow) scrollTo(0, document.body.scrollHeight);
  }
}

async function keepFresh() {
  try {
    if (!document.hidden) await refresh();
  } catch {
    // The sandbox is restarting; the page stays as it was until it answers again.
  }
  setTimeout(keepFresh, 1000);
}

setTimeout(keepFresh, 1000);
