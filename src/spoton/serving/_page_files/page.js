"use strict";
(() => {
  const base = location.href.replace(/(docs)?[?#]?[^/]*$/, "").replace(/\/$/, "");
  for (const pre of document.querySelectorAll(".curl")) pre.textContent = pre.textContent.replaceAll("ADDRESS", base);
  const said = document.getElementById("said");
  const file = document.getElementById("file");

  const show = (text, bad) => {
    said.hidden = false;
    said.textContent = text;
    said.classList.toggle("bad", bad);
  };

  const ask = async (body, headers) => {
    try {
      const answer = await fetch("predict", { method: "POST", body, headers });
      const held = await answer.json();
      show(answer.ok ? JSON.stringify(held) : held.error, !answer.ok);
      return answer.ok ? held : null;
    } catch (error) {
      show(`no answer: ${error.message}`, true);
      return null;
    }
  };

  const draw = (image, points) => {
    const canvas = document.getElementById("picture");
    const { naturalWidth: width, naturalHeight: height } = image;
    const zoom = Math.max(1, Math.floor(420 / Math.max(width, height)));
    canvas.hidden = false;
    canvas.width = width * zoom;
    canvas.height = height * zoom;
    const pen = canvas.getContext("2d");
    pen.imageSmoothingEnabled = false;
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);
    points.forEach(([x, y], i) => {
      // a pixel's centre lies half a pixel inside
      const at = [(x + 0.5) * zoom, (y + 0.5) * zoom];
      for (const [stroke, line] of [["white", 5], [colour(i % 2 ? "--blue" : "--orange"), 2.5]]) {
        pen.strokeStyle = stroke;
        pen.lineWidth = line;
        pen.beginPath();
        pen.arc(...at, Math.max(5, zoom * 0.75), 0, 7);
        pen.stroke();
      }
    });
  };

  const send = async (chosen) => {
    const form = new FormData();
    form.append("file", chosen);
    const labels = document.getElementById("labels");
    if (labels) form.append("labels", `[${labels.value}]`);
    const held = await ask(form);
    const image = new Image();
    image.onload = () => {
      draw(image, held && held.points ? held.points[0] : []);
      URL.revokeObjectURL(image.src);
    };
    image.src = URL.createObjectURL(chosen);
  };

  if (file) {
    const drop = document.querySelector(".drop");
    file.addEventListener("change", () => file.files.length && send(file.files[0]));
    drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      if (event.dataTransfer.files.length) send(event.dataTransfer.files[0]);
    });
  } else {
    const rows = document.getElementById("rows");
    document.getElementById("ask").addEventListener("click", () => ask(rows.value, { "Content-Type": "application/json" }));
  }
})();
