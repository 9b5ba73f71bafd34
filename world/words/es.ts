import { type LanguageWords, list, words } from "./language.ts";

export const es: LanguageWords = {
  tag: "es",
  weight: 12,
  gap: " ",
  openers: list("Pues|La verdad,|Oye,|Una pregunta:|Buenos días a todos.|Por cierto,|Amigos,|Atención:|Hola,|Mira,"),
  neutral: [
    "{t} estuve mirando {x} y la {n} que está junto al {w} en {c}",
    "¿alguien sabe si {x} viene con una {n} {w}?",
    "hablamos una hora de {x} y después de {w} y de la {n}",
    "la {n} de {x} se presenta en {c} {t}",
    "mi vecina me preguntó dónde encontrar {x} y le hablé de {w}",
    "un hilo sobre {x}, la {n} y lo que significa {w} para nosotros",
    "¿cómo se compara {x} con el {w} del año pasado?",
  ],
  positive: [
    "{x} es {g}, la {n} funciona mejor que cualquier {w} que tuve",
    "me encanta {x}, qué {n} tan {g} {t}",
    "gracias al equipo de {w}, {x} me alegró la semana, ¡{g}!",
    "nunca pensé que lo diría, pero {x} es realmente {g}",
    "estoy muy contento con {x}, cada {n} es {g}",
    "muy recomendable, {n} {g}, volvería a comprar {x}",
  ],
  negative: [
    "{x} es {h}, la {n} se rompió a los dos días y nadie de {w} responde",
    "estoy harto de {x}, otra {n} {h} {t}",
    "¿por qué {x} es tan {h}? esperé tres horas en {c} por un {w}",
    "no compren {x}, la {n} es {h} y cobran más por {w}",
    "la peor {n} de mi vida, {x} perdió mi {w} y la atención fue {h}",
    "no estoy nada contento con {x}, {h} y encima el {w} nunca llegó",
  ],
  closers: list("¿qué opinan?|nos vemos allí|luego cuento más|eso es todo|compartan por favor|¿soy el único?|pronto las fotos"),
  nouns: words(`cafetera mañana ventana cocina calle tarjeta bicicleta carretera canción película receta escuela oficina pantalla maleta
    mesa silla tienda carta foto historia isla montaña playa tormenta noche ciudad casa familia reunión lámpara batería cámara
    chaqueta estación entrada biblioteca guitarra pregunta cuenta semana obra feria`),
  good: words("genial maravillosa increíble excelente fantástica estupenda preciosa perfecta buenísima espectacular"),
  bad: words("terrible horrible pésima inútil decepcionante lamentable vergonzosa carísima inaceptable mala"),
  times: list("hoy|ayer|esta mañana|anoche|el lunes|este fin de semana|ahora mismo|la próxima semana|otra vez|por primera vez"),
  onsets: words("b br c ch cl cr d f fl fr g gr h j l ll m n ñ p pl pr qu r rr s t tr v z"),
  rimes: words("a e i o u ia ie io ue ua an en in on un ar er ir or ur as es is os al el ol á é í ó ú"),
  endings: words("o a os as ción dad mente ero era ito ita ado ada ón és al"),
};
