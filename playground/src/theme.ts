// Light or dark, before anything is drawn: as the system has it, or as it was chosen here.

const system = matchMedia('(prefers-color-scheme: dark)');

/** What was chosen; browsers may refuse to keep anything. */
function chosen(): string | null {
  try {
    return localStorage.getItem('theme');
  } catch {
    return null;
  }
}

const apply = (): void => {
  document.documentElement.dataset.theme = chosen() ?? (system.matches ? 'dark' : 'light');
};

system.addEventListener('change', apply);
apply();
