// What webpack makes a page of; its own command line needs a newer Node than this library.

import webpack from 'webpack';

const options = {
  mode: 'production',
  entry: './page.js',
  output: { path: `${import.meta.dirname}/out/webpack`, filename: 'page.js' },
};
webpack(options, (error, stats) => {
  if (!error && !stats.hasErrors()) return;
  console.error(error ?? stats.toString('errors-only'));
  process.exitCode = 1;
});
