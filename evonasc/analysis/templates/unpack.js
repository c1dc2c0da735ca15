"use strict";
/* Unpacks the figure library, which the page keeps compressed, and starts the page. The content
security policy lets it run because it names the SHA-256 of what comes out. */
(async () => {
  const packed = document.getElementById("library").textContent;
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const whole = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(whole).text();
  document.head.append(script);
  evonascReport();
})().catch((error) => {
  document.getElementById("status").textContent =
    `This browser cannot show the figures (${error}). Chrome 80, Firefox 113 and Safari 16.4 can.`;
});
