import { type LanguageWords, list, words } from "./language.ts";

export const de: LanguageWords = {
  tag: "de",
  weight: 9,
  gap: " ",
  openers: list("Also|Ehrlich gesagt:|Kurze Frage:|Guten Morgen!|Übrigens,|Hinweis:|Hallo zusammen,|Nachtrag:|Leute,|Mal ehrlich,"),
  neutral: [
    "{t} habe ich mir {x} angesehen und die {n} neben dem {w} in {c}",
    "weiß jemand, ob {x} mit einer {n} oder einem {w} kommt?",
    "wir haben eine Stunde über {x} gesprochen und dann über {w} und die {n}",
    "die {n} von {x} wird {t} in {c} gezeigt",
    "meine Nachbarin fragte, wo man {x} findet, und ich erzählte ihr von {w}",
    "hier ein Faden über {x}, die {n} und was {w} für uns bedeutet",
    "wie schlägt sich {x} gegen das {w} vom letzten Jahr?",
  ],
  positive: [
    "{x} ist {g}, die {n} läuft besser als jedes {w}, das ich vorher hatte",
    "ich liebe {x}, so eine {n} ist einfach {g}",
    "danke an die Leute von {w}, {x} hat meine Woche gerettet, {g}!",
    "hätte nie gedacht, dass ich das sage, aber {x} ist wirklich {g}",
    "seit {t} nutze ich {x} und bin mit der {n} sehr zufrieden, {g}",
    "klare Empfehlung, die {n} ist {g}, ich würde {x} wieder kaufen",
  ],
  negative: [
    "{x} ist {h}, die {n} war nach zwei Tagen kaputt und bei {w} geht niemand ran",
    "ich habe genug von {x}, schon wieder ist die {n} {h}",
    "warum ist {x} so {h}? Ich habe drei Stunden in {c} auf ein {w} gewartet",
    "kauft {x} nicht, die {n} ist {h} und für {w} wollen sie noch mehr Geld",
    "die schlechteste {n} aller Zeiten, {x} hat mein {w} verloren",
    "gar nicht zufrieden mit {x}, {h}, und das {w} kam nie an",
  ],
  closers: list("was meint ihr?|bis später|mehr dazu morgen|das war's|bitte teilen|geht das nur mir so?|Fotos folgen|schönen Abend noch"),
  nouns: words(`Kaffeemaschine Bahn Batterie Küche Karte Straße Zeitung Besprechung Brücke Katze Tastatur Kamera Jacke Lampe Schule
    Lehrerin Ärztin Anzeige Tasche Haltestelle Geschichte Insel Wolke Wohnung Reise Tür Rechnung Werkstatt Bibliothek Ausstellung
    Verspätung Lieferung Wanderung Suppe Woche Stadt Landschaft Mannschaft Sitzung`),
  good: words("großartig wunderbar toll hervorragend fantastisch prima klasse perfekt wunderschön ausgezeichnet"),
  bad: words("schrecklich furchtbar kaputt nutzlos enttäuschend unverschämt peinlich überteuert inakzeptabel ärgerlich"),
  times: list("heute|gestern|heute früh|letzte Nacht|am Montag|dieses Wochenende|gerade|nächste Woche|schon wieder|zum ersten Mal"),
  onsets: words("b bl br d dr f fl fr g gl gr h j k kl kn kr l m n p pf pl qu r s sch schl schr schw sp st str t tr v w z zw"),
  rimes: words("a e i o u ä ö ü au ei eu ie ach ich och an en in on un ar er ir or ur al el il as es is os ang eng ing ung ack ock"),
  endings: words("en er ung heit keit lich isch chen e t st ig schaft n sam bar"),
};
