// The camera, with the button that turns it on and off.

import { element } from './dom.js';

/** Why there is no camera, and what to do. */
function cameraProblem({ name, message }: Error): string {
  if (name === 'NotAllowedError')
    return 'The camera was refused: allow it for this page in the browser’s address bar, or take an image file.';
  if (name === 'NotFoundError') return 'There is no camera here: take an image file.';
  if (name === 'NotReadableError')
    return 'Another program has the camera: close that, or take an image file.';
  return `The camera cannot be used (${message}): take an image file.`;
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** The camera's pictures, frame by frame, as long as it is on. */
export class Camera {
  readonly #button: HTMLButtonElement;
  readonly #seen: (video: HTMLVideoElement) => void;
  readonly #say: (text: string, isProblem?: boolean) => void;
  readonly #video = element('video', { muted: true, playsInline: true });
  #stream: MediaStream | undefined;
  /** The start that is wanted; the browser may ask its user first, who may have gone on meanwhile. */
  #wanted: symbol | undefined;

  /** @param seen is given each frame @param say tells what goes wrong */
  constructor(
    button: HTMLButtonElement,
    seen: (video: HTMLVideoElement) => void,
    say: (text: string, isProblem?: boolean) => void,
  ) {
    this.#button = button;
    this.#seen = seen;
    this.#say = say;
    this.#button.addEventListener('click', () => {
      if (this.#stream) this.stop();
      else if (!this.#wanted) this.#start();
    });
  }

  get isOn(): boolean {
    return this.#stream !== undefined;
  }

  async #start(): Promise<void> {
    this.#say('');
    const start = Symbol();
    this.#wanted = start;
    try {
      if (!navigator.mediaDevices) throw new Error('pages have it from https:// or localhost only');
      const video = { width: { ideal: 640 }, facingMode: 'environment' };
      const stream = await navigator.mediaDevices.getUserMedia({ video });
      if (this.#wanted !== start) {
        stopTracks(stream);
        return;
      }
      this.#stream = stream;
      for (const track of stream.getTracks())
        track.addEventListener('ended', () => this.#lose(stream));
      this.#video.srcObject = stream;
      await this.#video.play();
      if (this.#wanted !== start) return;
      this.#button.setAttribute('aria-pressed', 'true');
      this.#frame();
    } catch (error) {
      // Stopped meanwhile, it is no problem that it does not play.
      if (this.#wanted !== start) return;
      this.stop();
      this.#say(cameraProblem(error as Error), true);
    }
  }

  readonly #frame = (): void => {
    if (!this.#stream) return;
    if (this.#video.videoWidth > 0) this.#seen(this.#video);
    requestAnimationFrame(this.#frame);
  };

  /** Tells that the browser took a stream away: unplugged, or refused from now on. */
  #lose(stream: MediaStream): void {
    if (this.#stream !== stream) return;
    this.stop();
    this.#say('The camera was taken away: turn it on again, or take an image file.', true);
  }

  stop(): void {
    if (this.#stream) stopTracks(this.#stream);
    this.#stream = undefined;
    this.#wanted = undefined;
    this.#button.setAttribute('aria-pressed', 'false');
  }
}
