import { type LanguageWords, list, words } from "./language.ts";

export const it: LanguageWords = {
  tag: "it",
  weight: 3,
  gap: " ",
  openers: list("Allora|Sinceramente,|Una domanda:|Buongiorno a tutti!|Comunque,|Promemoria:|Ciao,|Senti,|Ragazzi,"),
  neutral: [
    "{t} stavo guardando {x} e la {n} vicino al {w} a {c}",
    "qualcuno sa se {x} arriva con una {n} {w}?",
    "abbiamo parlato di {x} per un'ora e poi di {w} e della {n}",
    "la {n} di {x} sarà presentata a {c} {t}",
    "ecco una discussione su {x}, la {n} e cosa significa {w} per noi",
    "come si confronta {x} con il {w} dell'anno scorso?",
  ],
  positive: [
    "{x} è {g}, la {n} funziona meglio di qualsiasi {w} che avevo prima",
    "adoro {x}, che {n} {g}!",
    "grazie alla squadra di {w}, {x} mi ha salvato la settimana, {g}!",
    "non pensavo di dirlo, ma {x} è davvero {g}",
    "sono molto contento di {x}, ogni {n} è {g}",
  ],
  negative: [
    "{x} è {h}, la {n} si è rotta dopo due giorni e nessuno da {w} risponde",
    "sono stanco di {x}, un'altra {n} {h} {t}",
    "perché {x} è così {h}? ho aspettato tre ore a {c} per un {w}",
    "non comprate {x}, la {n} è {h} e vogliono altri soldi per {w}",
    "la peggiore {n} della mia vita, {x} ha perso il mio {w}",
  ],
  closers: list("che ne pensate?|a dopo|il resto domani|tutto qui|condividete per favore|sono l'unico?|foto a breve"),
  nouns: words(`caffettiera stazione batteria cucina finestra strada riunione carta lampada canzone ricetta scuola valigia tavola sedia
    bottega lettera squadra foto storia isola montagna spiaggia foresta tempesta serata città casa famiglia biblioteca settimana`),
  good: words("fantastica bellissima meravigliosa eccellente stupenda perfetta splendida ottima magnifica"),
  bad: words("terribile orribile pessima inutile deludente vergognosa carissima inaccettabile fastidiosa"),
  times: list("oggi|ieri|stamattina|ieri sera|lunedì|questo fine settimana|adesso|la prossima settimana|di nuovo|per la prima volta"),
  onsets: words("b br c ch cl cr d f fl fr g gh gl gn gr l m n p pl pr qu r s sc st str t tr v z"),
  rimes: words("a e i o u ia ie io uo an en in on ar er ir or ur al el il ol at et it ot acc ell ett occ"),
  endings: words("o a i e zione mente ino ina etto etta are ato ata ità one"),
};
