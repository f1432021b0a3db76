// The page: a card and a curve for each backend. One trains at a time, as they share the cores.

const SECONDS = 30;
const MOST_LOSS = 2.5;

const backends = [
  { name: 'wasmgrad', what: "wasmgrad/tfjs: this library's kernels, in WebAssembly SIMD" },
  { name: 'cpu', what: "TF.js's own, in JavaScript" },
  { name: 'wasm', what: "TF.js's own, in WebAssembly: it has no kernels for training" },
  { name: 'webgl', what: "TF.js's own, on a GPU where there is one" },
];

/** An element with properties, and what is in it. */
function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function drawn(tag, attributes) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

const chart = document.querySelector('#chart');
const area = { left: 36, top: 10, width: 590, height: 220 };
const place = (seconds, loss) => [
  area.left + (area.width * Math.min(seconds, SECONDS)) / SECONDS,
  area.top + area.height * (1 - Math.min(loss, MOST_LOSS) / MOST_LOSS),
];

function drawAxes() {
  for (const loss of [0, 1, 2]) {
    const [x, y] = place(0, loss);
    chart.append(drawn('line', { x1: x, x2: area.left + area.width, y1: y, y2: y }));
    const label = drawn('text', { x: x - 8, y: y + 5, 'text-anchor': 'end' });
    label.textContent = loss;
    chart.append(label);
  }
  for (const seconds of [0, 10, 20, SECONDS]) {
    const [x] = place(seconds, 0);
    const anchor = seconds < SECONDS ? 'middle' : 'end';
    const label = drawn('text', { x, y: area.top + area.height + 24, 'text-anchor': anchor });
    label.textContent = `${seconds} s`;
    chart.append(label);
  }
}

/** The names at the ends of the curves: colours alone do not say to everybody whose they are. */
const names = [];

/** How far apart names are at least, and how far from their curves. */
const APART = 20;

/** Puts each name at its curve's end, above those that would be under it. */
function placeNames() {
  let lowest = Infinity;
  for (const { label, end } of names.toSorted((a, b) => b.end[1] - a.end[1])) {
    const [x, y] = end;
    lowest = Math.min(y - APART / 2, lowest - APART);
    label.setAttribute('x', x);
    label.setAttribute('y', lowest);
    label.setAttribute('text-anchor', x > area.left + area.width / 2 ? 'end' : 'start');
  }
}

/** What ends the training that goes on. */
let stop = () => {};

/** A card: its button starts and stops its backend. */
function card({ name, what }) {
  const figures = element('dl');
  const figure = (title) => {
    const value = element('dd', { textContent: '–' });
    figures.append(element('div', {}, element('dt', { textContent: title }), value));
    return value;
  };
  const speed = figure('images/s');
  const loss = figure('loss');
  const images = figure('images seen');
  const time = figure('seconds');
  const state = element('p', { className: 'state', textContent: 'not started' });
  state.setAttribute('role', 'status');
  const button = element('button', { type: 'button', textContent: `Train on ${name}` });
  const curve = drawn('polyline', { class: name });
  const label = drawn('text', { class: name });
  label.textContent = name;
  chart.append(curve);

  const showName = (end) => {
    const named = names.find((one) => one.label === label);
    // It follows slowly: losses jump from step to step.
    if (named) named.end = [end[0], 0.9 * named.end[1] + 0.1 * end[1]];
    else names.push({ label, end });
    chart.append(label);
    placeNames();
  };

  const end = (text) => {
    state.textContent = text;
    button.textContent = `Train on ${name} again`;
    stop = () => {};
  };

  const begin = () => {
    const worker = new Worker('worker.js');
    const points = [];
    state.classList.remove('failed');
    state.textContent = 'starting';
    button.textContent = 'Stop';
    stop = (text = 'stopped') => {
      worker.terminate();
      end(text);
    };
    const fail = (message) => {
      stop(`It fails: ${message}`);
      state.classList.add('failed');
    };
    worker.onerror = ({ message }) => fail(message);
    worker.onmessage = ({ data }) => {
      if (data.error) return fail(data.error);
      if (data.isDone) return stop('done');
      // Said once: readers of screens read out what changes.
      if (points.length === 0) state.textContent = 'training';
      time.textContent = data.seconds.toFixed(0);
      loss.textContent = data.loss.toFixed(3);
      images.textContent = data.images.toLocaleString('en');
      if (data.imagesPerSecond)
        speed.textContent = Math.round(data.imagesPerSecond).toLocaleString('en');
      const end = place(data.seconds, data.loss);
      points.push(end.join());
      curve.setAttribute('points', points.join(' '));
      showName(end);
      return undefined;
    };
    worker.postMessage({ backend: name, seconds: SECONDS });
  };

  button.addEventListener('click', () => {
    const wasRunning = button.textContent === 'Stop';
    stop();
    if (!wasRunning) begin();
  });
  const title = element('h2', { className: name, textContent: name });
  return element(
    'li',
    { id: name },
    title,
    element('p', { textContent: what }),
    figures,
    state,
    button,
  );
}

drawAxes();
document.querySelector('#backends').append(...backends.map(card));
