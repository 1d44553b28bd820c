// Questions to the board, and the stream of its news.

/** The answer to a question. Rejects where there is none. */
export async function ask(address, { text = false } = {}) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw Object.assign(new Error(), { status: answer.status, ...(await answer.json().catch(() => ({}))) });
  return text ? answer.text() : answer.json();
}

/** Calls the deed at once and whenever it is asked for, one after the other, however often that is. */
export function inTurn(deed) {
  let [running, again] = [false, false];
  return async function turn() {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      try {
        await deed();
      } catch {
        // The board has gone, or the run has; the mark of the connection tells it, and news will come again.
      }
    } while (again);
    running = false;
  };
}

/** News from the board, while the page is in sight: a browser keeps six connections, and hidden pages need none. */
export function listen(news, live) {
  let source = null;
  const open = () => {
    if (source || document.hidden) return;
    source = new EventSource("/api/news");
    source.onopen = () => {
      live(true);
      news({ reload: true, changed: [], gone: [] });
    };
    source.onerror = () => live(false);
    source.onmessage = (message) => news(JSON.parse(message.data));
  };
  const close = () => {
    source?.close();
    source = null;
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  open();
}
