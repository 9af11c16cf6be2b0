// Keeps the page current: each event is a list of parts with their new text, which the server has escaped.
(() => {
  const link = document.getElementById("link");
  const say = (words, lost) => {
    link.textContent = words;
    link.classList.toggle("lost", lost);
  };
  const events = new EventSource(`${location.pathname.replace(/\/$/, "")}/events`);
  events.onopen = () => say("live", false);
  events.onerror = () => say("not connected", true);
  events.onmessage = ({ data }) => {
    for (const { id, html, dead } of JSON.parse(data)) {
      const part = document.getElementById(id);
      if (part === null) continue;
      part.innerHTML = html;
      if (part.classList.contains("card")) part.classList.toggle("dead", dead);
    }
  };
})();
