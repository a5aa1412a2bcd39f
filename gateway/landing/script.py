"""The page's one script: it shows the points that the scan earned as they are posted. The page works without it."""

from typing import Final

SCRIPT: Final = (
    '(d=>{let p=d.querySelector(".pts"),n=0,s=new EventSource(p.dataset.live);'
    's.addEventListener("reward",e=>{n+=JSON.parse(e.data).points;'
    'p.textContent=n>0?p.dataset.text.replace("{count}","+"+n.toLocaleString(d.documentElement.lang||[],{numberingSystem:"latn"})):""});'
    's.addEventListener("end",()=>s.close())})(document)'
)
