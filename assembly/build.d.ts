// What a build is told by the compiler's option --use.

/** 1 where the build has the wide register tile. Those for pages do not: nobody can ask a browser for 256-bit code. */
declare const WIDE: i32;
