// Constants that a build gets by the compiler's option --use.

/**
 * 1 where the build has the wide register tile. Those for pages do not: nobody can ask a browser
 * for 256-bit code. They are 8 % smaller by shrinkLevel 1 besides, and as fast; of wide ones compiled like that V8's
 * revectorizer (13.6) crashes the process.
 */
declare const WIDE: i32;
