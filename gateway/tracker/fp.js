(() => {
  const script = document.currentScript, data = script.dataset, base = script.src.replace(/\/fp\.js.*/, "") + "/v1/tracker/";
  let store = {};
  try { store = localStorage; } catch {}
  const queued = "fp_queue", known = "fp_device", said = "fp_consent", MOST = 100, ONCE = 20;
  let busy = 0, wait = 1e3, timer, link, linked = 0;
  const random = () => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16)))).replace(/\+/g, "-").replace(/\//g, "_").slice(0, 22);
  const may = () => store[said] ? store[said] > 0 : !("consent" in data || navigator.globalPrivacyControl);
  const queue = () => { try { return JSON.parse(store[queued] || "[]"); } catch { return []; } };
  const keep = events => { try { store[queued] = JSON.stringify(events.slice(-MOST)); } catch {} };
  const device = () => store[known] || (store[known] = random());
  const post = (path, body) => fetch(base + path, { method: "POST", body: JSON.stringify(body), keepalive: true });
  const events = () => queue().slice(0, ONCE).map(one => ({ ...one, identifiers: [{ type: "device", value: device() }] }));
  const address = "events?key=" + encodeURIComponent(data.key);
  const later = () => { busy = 0; clearTimeout(timer); timer = setTimeout(flush, wait = Math.min(wait * 2, 3e5)); };
  const flush = () => {
    if (busy || !may() || !queue().length) return;
    busy = 1;
    ready.then(() => {
      const sent = events();
      return post(address, { events: sent }).then(answer => {
        if (!answer.ok && ![400, 413, 422].includes(answer.status)) return later();
        keep(queue().filter(one => !sent.some(other => other.event_id == one.event_id)));
        busy = 0; wait = 1e3; flush();
      });
    }).catch(later);
  };
  const fp = (type, fields) => {
    if (type == "consent") {
      store[said] = fields ? 1 : 0;
      if (!fields) [queued, known].forEach(name => delete store[name]);
    } else if (may()) {
      const properties = { url: location.href, ...(fields || {}).properties };
      keep([...queue(), { ...fields, type, event_id: random(), occurred_at: new Date().toISOString(), properties }]);
    }
    flush();
  };
  const here = new URL(location), token = here.searchParams.get("fp");
  if (token) { here.searchParams.delete("fp"); history.replaceState(history.state, "", here); }
  const ready = !token || !may() ? Promise.resolve() : post("device", { link: token })
    .then(answer => answer.ok && answer.json().then(found => store[known] = found.device)).catch(() => 0);
  const outside = event => {
    const way = event.target.closest && event.target.closest("a[href]");
    return way && may() && (data.sites || "").split(" ").includes(way.host) && way;
  };
  const prepare = event => {
    if (!outside(event) || Date.now() - linked < 6e4) return;
    linked = Date.now();
    post("device", { device: device() }).then(answer => answer.ok && answer.json().then(found => link = found.link)).catch(() => linked = 0);
  };
  ["pointerover", "pointerdown", "focusin"].forEach(name => addEventListener(name, prepare, true));
  addEventListener("click", event => {
    const way = outside(event);
    if (way && link) { const to = new URL(way.href); to.searchParams.set("fp", link); way.href = to; }
  }, true);
  addEventListener("online", flush);
  addEventListener("pagehide", () => {
    if (!may() || !queue().length) return;
    if (!busy && "keepalive" in Request.prototype) flush();
    else navigator.sendBeacon(base + address, JSON.stringify({ events: events() }));
  });
  const before = (window.fp || {}).q || [];
  window.fp = fp;
  if (!("manual" in data)) fp("page_view");
  before.forEach(one => fp(...one));
  flush();
})();
