"""The service worker of ``/me``: a phone without a network sees the page as it last was, with the codes.

It answers nothing but that page. The header :data:`KEEPS` of a response says what becomes of the copy.
"""

import json
from typing import Final

KEEPS: Final = "Footpath-Me"
"""``keep``: in the copy's place; ``drop``: there is nothing of this phone any more; ``wait``: the copy is better."""
PATIENCE_MS: Final = 4_000
"""After which a phone with a copy waits for the network no longer; a gateway itself waits for three seconds."""
_SCRIPT: Final = """const P=%s,C="footpath-me",H="%s";
const copy=async()=>(await caches.open(C)).match(P,{ignoreVary:true});
async function load(){
  const r=await fetch(P,{credentials:"same-origin",cache:"no-store"}),c=await caches.open(C),k=r.headers.get(H);
  if(r.ok&&k==="keep")await c.put(P,r.clone());
  if(r.ok&&k==="drop")await c.delete(P);
  return r.ok&&k!=="wait"?r:await copy()||r;
}
async function answer(){
  const late=new Promise(r=>setTimeout(r,%d)).then(copy);
  const loaded=load().catch(async()=>await copy()||Response.error());
  return await Promise.race([loaded,late])||loaded;
}
addEventListener("install",e=>{skipWaiting();e.waitUntil(load().catch(()=>0))});
addEventListener("activate",e=>e.waitUntil(clients.claim()));
addEventListener("fetch",e=>{
  if(e.request.mode==="navigate"&&new URL(e.request.url).pathname===P)e.respondWith(answer());
});
"""
POLICY: Final = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'"
"""Of the worker itself, which fetches from this gateway alone."""


def service_worker(base: str) -> str:
    """:param base: path of the address that phones reach the gateway at."""
    return _SCRIPT % (_quoted(f"{base}/me"), KEEPS, PATIENCE_MS)


def registration(base: str) -> str:
    """The one script of the page."""
    return f"navigator.serviceWorker?.register({_quoted(f'{base}/me/sw.js')},{{scope:{_quoted(f'{base}/me')}}})"


def _quoted(text: str) -> str:
    """As a string of a script within HTML."""
    return json.dumps(text).replace("<", "\\u003c")
