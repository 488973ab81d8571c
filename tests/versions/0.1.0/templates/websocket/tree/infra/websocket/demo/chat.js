//% if options.demo and framework != "none"
"use strict";

const part = (id) => document.getElementById(id);

// What others write only ever becomes text, never markup.
function show(name, text, mine) {
  const line = document.createElement("li");
  const who = document.createElement("b");
  who.textContent = name;
  line.append(who, " ", text);
  line.classList.toggle("mine", mine);
  part("messages").append(line);
  line.scrollIntoView();
}

function connect(name) {
  const address = new URL(`/ws/demo/socket/${encodeURIComponent(name)}`, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(address);

  socket.onopen = () => {
    part("state").textContent = `connected as ${name}`;
    part("enter").hidden = true;
    part("write").hidden = false;
    part("text").focus();
  };
  socket.onclose = ({ code, reason }) => {
    part("state").textContent = `connection closed: ${code} ${reason}`;
    part("present").textContent = "nobody";
    part("enter").hidden = false;
    part("write").hidden = true;
  };
  socket.onmessage = ({ data }) => {
    const { said, present } = JSON.parse(data);
    if (said) show(said.name, said.text, said.name === name);
    if (present) part("present").textContent = present.join(", ");
  };
  part("write").onsubmit = (event) => {
    event.preventDefault();
    socket.send(part("text").value);
    part("text").value = "";
  };
}

part("enter").onsubmit = (event) => {
  event.preventDefault();
  connect(part("name").value.trim());
};
//% endif
