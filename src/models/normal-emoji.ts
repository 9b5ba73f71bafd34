/**
 * Names of emoji as Unicode's CLDR has them in English (short names), a line for each group: what a picture says in words.
 * Tones of skin and hair are left out of the name, flags are named by their region.
 */
const table = `
😀 grinning face;😃 grinning face with big eyes;😄 grinning face with smiling eyes;😁 beaming face with smiling eyes;😆 grinning squinting face;😅 grinning face with sweat;🤣 rolling on the floor laughing;😂 face with tears of joy
🙂 slightly smiling face;🙃 upside-down face;🫠 melting face;😉 winking face;😊 smiling face with smiling eyes;😇 smiling face with halo;🥰 smiling face with hearts;😍 smiling face with heart-eyes;🤩 star-struck
😘 face blowing a kiss;😗 kissing face;☺ smiling face;😚 kissing face with closed eyes;😙 kissing face with smiling eyes;🥲 smiling face with tear;😋 face savoring food;😛 face with tongue;😜 winking face with tongue;🤪 zany face;😝 squinting face with tongue;🤑 money-mouth face
🤗 smiling face with open hands;🤭 face with hand over mouth;🫢 face with open eyes and hand over mouth;🫣 face with peeking eye;🤫 shushing face;🤔 thinking face;🫡 saluting face;🤐 zipper-mouth face;🤨 face with raised eyebrow;😐 neutral face;😑 expressionless face;😶 face without mouth
😏 smirking face;😒 unamused face;🙄 face with rolling eyes;😬 grimacing face;🤥 lying face;😌 relieved face;😔 pensive face;😪 sleepy face;🤤 drooling face;😴 sleeping face;😷 face with medical mask;🤒 face with thermometer;🤕 face with head-bandage;🤢 nauseated face;🤮 face vomiting;🤧 sneezing face
🥵 hot face;🥶 cold face;🥴 woozy face;😵 face with crossed-out eyes;🤯 exploding head;🤠 cowboy hat face;🥳 partying face;🥸 disguised face;😎 smiling face with sunglasses;🤓 nerd face;🧐 face with monocle;😕 confused face;🫤 face with diagonal mouth;😟 worried face;🙁 slightly frowning face;☹ frowning face
😮 face with open mouth;😯 hushed face;😲 astonished face;😳 flushed face;🥺 pleading face;🥹 face holding back tears;😦 frowning face with open mouth;😧 anguished face;😨 fearful face;😰 anxious face with sweat;😥 sad but relieved face;😢 crying face;😭 loudly crying face;😱 face screaming in fear
😖 confounded face;😣 persevering face;😞 disappointed face;😓 downcast face with sweat;😩 weary face;😫 tired face;🥱 yawning face;😤 face with steam from nose;😡 enraged face;😠 angry face;🤬 face with symbols on mouth;😈 smiling face with horns;👿 angry face with horns;💀 skull;☠ skull and crossbones
💩 pile of poo;🤡 clown face;👹 ogre;👺 goblin;👻 ghost;👽 alien;👾 alien monster;🤖 robot;😺 grinning cat;😸 grinning cat with smiling eyes;😹 cat with tears of joy;😻 smiling cat with heart-eyes;😼 cat with wry smile;😽 kissing cat;🙀 weary cat;😿 crying cat;😾 pouting cat
🙈 see-no-evil monkey;🙉 hear-no-evil monkey;🙊 speak-no-evil monkey;💋 kiss mark;💌 love letter;💘 heart with arrow;💝 heart with ribbon;💖 sparkling heart;💗 growing heart;💓 beating heart;💞 revolving hearts;💕 two hearts;💟 heart decoration;❣ heart exclamation;💔 broken heart
❤ red heart;🧡 orange heart;💛 yellow heart;💚 green heart;💙 blue heart;💜 purple heart;🤎 brown heart;🖤 black heart;🤍 white heart;🩷 pink heart;🩵 light blue heart;🩶 grey heart;♥ heart suit;♡ white heart suit;❥ heart bullet;💯 hundred points;💢 anger symbol;💥 collision;💫 dizzy;💦 sweat droplets;💨 dashing away;🕳 hole
💣 bomb;💬 speech balloon;🗨 left speech bubble;🗯 right anger bubble;💭 thought balloon;💤 zzz;👋 waving hand;🤚 raised back of hand;🖐 hand with fingers splayed;✋ raised hand;🖖 vulcan salute;👌 ok hand;🤌 pinched fingers;🤏 pinching hand;✌ victory hand;🤞 crossed fingers;🤟 love-you gesture;🤘 sign of the horns;🤙 call me hand
👈 backhand index pointing left;👉 backhand index pointing right;👆 backhand index pointing up;🖕 middle finger;👇 backhand index pointing down;☝ index pointing up;☞ pointing right;🫵 index pointing at the viewer;👍 thumbs up;👎 thumbs down;✊ raised fist;👊 oncoming fist;🤛 left-facing fist;🤜 right-facing fist
👏 clapping hands;🙌 raising hands;🫶 heart hands;👐 open hands;🤲 palms up together;🤝 handshake;🙏 folded hands;✍ writing hand;💅 nail polish;🤳 selfie;💪 flexed biceps;🦵 leg;🦶 foot;👂 ear;👃 nose;🧠 brain;🫀 anatomical heart;🦷 tooth;🦴 bone;👀 eyes;👁 eye;👅 tongue;👄 mouth
👶 baby;🧒 child;👦 boy;👧 girl;🧑 person;👱 person with blond hair;👨 man;🧔 person with beard;👩 woman;🧓 older person;👴 old man;👵 old woman;🙍 person frowning;🙎 person pouting;🙅 person gesturing no;🙆 person gesturing ok;💁 person tipping hand;🙋 person raising hand;🧏 deaf person;🙇 person bowing;🤦 person facepalming;🤷 person shrugging
👮 police officer;🕵 detective;💂 guard;🥷 ninja;👷 construction worker;🤴 prince;👸 princess;👳 person wearing turban;👲 person with skullcap;🧕 woman with headscarf;🤵 person in tuxedo;👰 person with veil;🤰 pregnant woman;🤱 breast-feeding;👼 baby angel;🎅 Santa Claus;🤶 Mrs. Claus;🦸 superhero;🦹 supervillain;🧙 mage;🧚 fairy;🧛 vampire;🧜 merperson;🧝 elf;🧟 zombie
💆 person getting massage;💇 person getting haircut;🚶 person walking;🧍 person standing;🧎 person kneeling;🏃 person running;💃 woman dancing;🕺 man dancing;🕴 person in suit levitating;👯 people with bunny ears;🧖 person in steamy room;🧗 person climbing;🏇 horse racing;⛷ skier;🏂 snowboarder;🏌 person golfing;🏄 person surfing;🚣 person rowing boat;🏊 person swimming;🏋 person lifting weights;🚴 person biking;🤸 person cartwheeling;🤾 person playing handball;🧘 person in lotus position;🛀 person taking bath;🛌 person in bed
👭 women holding hands;👫 woman and man holding hands;👬 men holding hands;💏 kiss;💑 couple with heart;👪 family;🗣 speaking head;👤 bust in silhouette;👥 busts in silhouette;🫂 people hugging;👣 footprints
🐵 monkey face;🐒 monkey;🦍 gorilla;🐶 dog face;🐕 dog;🐩 poodle;🐺 wolf;🦊 fox;🦝 raccoon;🐱 cat face;🐈 cat;🦁 lion;🐯 tiger face;🐅 tiger;🐴 horse face;🐎 horse;🦄 unicorn;🦓 zebra;🐮 cow face;🐂 ox;🐄 cow;🐷 pig face;🐖 pig;🐽 pig nose;🐏 ram;🐑 ewe;🐐 goat;🐪 camel;🦒 giraffe;🐘 elephant;🐭 mouse face;🐁 mouse;🐀 rat;🐹 hamster;🐰 rabbit face;🐇 rabbit
🐿 chipmunk;🦔 hedgehog;🦇 bat;🐻 bear;🐨 koala;🐼 panda;🦥 sloth;🐾 paw prints;🦃 turkey;🐔 chicken;🐓 rooster;🐣 hatching chick;🐤 baby chick;🐥 front-facing baby chick;🐦 bird;🐧 penguin;🕊 dove;🦅 eagle;🦆 duck;🦉 owl;🐸 frog;🐊 crocodile;🐢 turtle;🦎 lizard;🐍 snake;🐲 dragon face;🐉 dragon;🦖 T-Rex;🐳 spouting whale;🐋 whale;🐬 dolphin;🐟 fish;🐠 tropical fish;🐡 blowfish;🦈 shark;🐙 octopus;🐚 spiral shell;🐌 snail;🦋 butterfly;🐛 bug;🐜 ant;🐝 honeybee;🐞 lady beetle;🕷 spider;🕸 spider web;🦂 scorpion;🦟 mosquito;🦠 microbe
💐 bouquet;🌸 cherry blossom;🏵 rosette;🌹 rose;🥀 wilted flower;🌺 hibiscus;🌻 sunflower;🌼 blossom;🌷 tulip;❀ white flower;🌱 seedling;🌲 evergreen tree;🌳 deciduous tree;🌴 palm tree;🌵 cactus;🌾 sheaf of rice;🌿 herb;☘ shamrock;🍀 four leaf clover;🍁 maple leaf;🍂 fallen leaf;🍃 leaf fluttering in wind;🍄 mushroom
🍇 grapes;🍈 melon;🍉 watermelon;🍊 tangerine;🍋 lemon;🍌 banana;🍍 pineapple;🥭 mango;🍎 red apple;🍏 green apple;🍐 pear;🍑 peach;🍒 cherries;🍓 strawberry;🥝 kiwi fruit;🍅 tomato;🥥 coconut;🥑 avocado;🍆 eggplant;🥔 potato;🥕 carrot;🌽 ear of corn;🌶 hot pepper;🥒 cucumber;🥦 broccoli;🧄 garlic;🧅 onion;🥜 peanuts;🌰 chestnut
🍞 bread;🥐 croissant;🥖 baguette bread;🥨 pretzel;🥞 pancakes;🧀 cheese wedge;🍖 meat on bone;🍗 poultry leg;🥩 cut of meat;🥓 bacon;🍔 hamburger;🍟 french fries;🍕 pizza;🌭 hot dog;🥪 sandwich;🌮 taco;🌯 burrito;🥚 egg;🍳 cooking;🍲 pot of food;🥗 green salad;🍿 popcorn;🧂 salt;🍱 bento box;🍙 rice ball;🍚 cooked rice;🍛 curry rice;🍜 steaming bowl;🍝 spaghetti;🍣 sushi;🍤 fried shrimp
🍦 soft ice cream;🍧 shaved ice;🍨 ice cream;🍩 doughnut;🍪 cookie;🎂 birthday cake;🍰 shortcake;🧁 cupcake;🥧 pie;🍫 chocolate bar;🍬 candy;🍭 lollipop;🍮 custard;🍯 honey pot;🍼 baby bottle;🥛 glass of milk;☕ hot beverage;🍵 teacup without handle;🍶 sake;🍾 bottle with popping cork;🍷 wine glass;🍸 cocktail glass;🍹 tropical drink;🍺 beer mug;🍻 clinking beer mugs;🥂 clinking glasses;🥃 tumbler glass;🥤 cup with straw;🍽 fork and knife with plate;🍴 fork and knife;🥄 spoon;🔪 kitchen knife
🌍 globe showing Europe-Africa;🌎 globe showing Americas;🌏 globe showing Asia-Australia;🌐 globe with meridians;🗺 world map;🏔 snow-capped mountain;⛰ mountain;🌋 volcano;🏕 camping;🏖 beach with umbrella;🏜 desert;🏝 desert island;🏟 stadium;🏛 classical building;🏗 building construction;🏘 houses;🏠 house;🏡 house with garden;🏢 office building;🏥 hospital;🏦 bank;🏨 hotel;🏪 convenience store;🏫 school;🏭 factory;🏰 castle;💒 wedding;🗽 Statue of Liberty;⛪ church;🕌 mosque;🕍 synagogue;⛲ fountain;⛺ tent
🌃 night with stars;🏙 cityscape;🌄 sunrise over mountains;🌅 sunrise;🌆 cityscape at dusk;🌇 sunset;🌉 bridge at night;🎠 carousel horse;🎡 ferris wheel;🎢 roller coaster;🎪 circus tent;🚂 locomotive;🚆 train;🚇 metro;🚌 bus;🚑 ambulance;🚒 fire engine;🚓 police car;🚕 taxi;🚗 automobile;🚚 delivery truck;🚜 tractor;🏎 racing car;🏍 motorcycle;🛵 motor scooter;🚲 bicycle;⛽ fuel pump;🚨 police car light;🚥 horizontal traffic light;🚦 vertical traffic light;🛑 stop sign;🚧 construction;⚓ anchor;⛵ sailboat;🚤 speedboat;🛳 passenger ship;🚢 ship;✈ airplane;🛩 small airplane;🛫 airplane departure;🛬 airplane arrival;💺 seat;🚁 helicopter;🚀 rocket;🛸 flying saucer;🛎 bellhop bell;🧳 luggage
⌛ hourglass done;⏳ hourglass not done;⌚ watch;⏰ alarm clock;⏱ stopwatch;🕛 twelve o’clock;🌑 new moon;🌓 first quarter moon;🌕 full moon;🌙 crescent moon;🌚 new moon face;🌝 full moon face;🌞 sun with face;☀ sun;🌡 thermometer;⭐ star;🌟 glowing star;★ black star;☆ white star;🌠 shooting star;🌌 milky way;☁ cloud;⛅ sun behind cloud;⛈ cloud with lightning and rain;🌧 cloud with rain;🌨 cloud with snow;🌩 cloud with lightning;🌪 tornado;🌫 fog;🌬 wind face;🌀 cyclone;🌈 rainbow;☂ umbrella;☔ umbrella with rain drops;⚡ high voltage;❄ snowflake;☃ snowman;⛄ snowman without snow;☄ comet;🔥 fire;💧 droplet;🌊 water wave
🎃 jack-o-lantern;🎄 Christmas tree;🎆 fireworks;🎇 sparkler;🧨 firecracker;✨ sparkles;🎈 balloon;🎉 party popper;🎊 confetti ball;🎋 tanabata tree;🎍 pine decoration;🎐 wind chime;🎀 ribbon;🎁 wrapped gift;🎗 reminder ribbon;🎟 admission tickets;🎫 ticket;🎖 military medal;🏆 trophy;🏅 sports medal;🥇 1st place medal;🥈 2nd place medal;🥉 3rd place medal;⚽ soccer ball;⚾ baseball;🥎 softball;🏀 basketball;🏐 volleyball;🏈 american football;🏉 rugby football;🎾 tennis;🎳 bowling;🏏 cricket game;🏒 ice hockey;🏓 ping pong;🏸 badminton;🥊 boxing glove;🥋 martial arts uniform;⛳ flag in hole;🎣 fishing pole;🎽 running shirt;🎿 skis;🛷 sled;🎯 bullseye;🔫 water pistol;🎱 pool 8 ball;🔮 crystal ball;🎮 video game;🕹 joystick;🎰 slot machine;🎲 game die;🧩 puzzle piece;🧸 teddy bear;♠ spade suit;♦ diamond suit;♣ club suit;♟ chess pawn;🃏 joker;🎭 performing arts;🖼 framed picture;🎨 artist palette
👓 glasses;🕶 sunglasses;👔 necktie;👕 t-shirt;👖 jeans;🧣 scarf;🧤 gloves;🧥 coat;👗 dress;👘 kimono;👙 bikini;👚 woman’s clothes;👛 purse;👜 handbag;🛍 shopping bags;🎒 backpack;👞 man’s shoe;👟 running shoe;👠 high-heeled shoe;👢 woman’s boot;👑 crown;👒 woman’s hat;🎩 top hat;🎓 graduation cap;🧢 billed cap;📿 prayer beads;💄 lipstick;💍 ring;💎 gem stone
🔇 muted speaker;🔊 speaker high volume;📢 loudspeaker;📣 megaphone;🔔 bell;🔕 bell with slash;🎼 musical score;🎵 musical note;🎶 musical notes;♪ musical note;♫ musical notes;♬ musical notes;🎙 studio microphone;🎤 microphone;🎧 headphone;📻 radio;🎷 saxophone;🎸 guitar;🎹 musical keyboard;🎺 trumpet;🎻 violin;🥁 drum;📱 mobile phone;📲 mobile phone with arrow;☎ telephone;📞 telephone receiver;🔋 battery;🔌 electric plug;💻 laptop;🖥 desktop computer;🖨 printer;🖱 computer mouse;💾 floppy disk;💿 optical disk;🎥 movie camera;🎞 film frames;🎬 clapper board;📺 television;📷 camera;📸 camera with flash;📹 video camera;🔍 magnifying glass tilted left;🔎 magnifying glass tilted right;🕯 candle;💡 light bulb;🔦 flashlight
📔 notebook with decorative cover;📖 open book;📗 green book;📘 blue book;📚 books;📓 notebook;📃 page with curl;📜 scroll;📄 page facing up;📰 newspaper;🔖 bookmark;🏷 label;💰 money bag;💴 yen banknote;💵 dollar banknote;💶 euro banknote;💷 pound banknote;💸 money with wings;💳 credit card;🧾 receipt;💹 chart increasing with yen;✉ envelope;📧 e-mail;📨 incoming envelope;📩 envelope with arrow;📤 outbox tray;📥 inbox tray;📦 package;📫 closed mailbox with raised flag;📮 postbox;🗳 ballot box with ballot;✏ pencil;✒ black nib;🖋 fountain pen;🖊 pen;🖌 paintbrush;📝 memo;💼 briefcase;📁 file folder;📅 calendar;📆 tear-off calendar;📈 chart increasing;📉 chart decreasing;📊 bar chart;📋 clipboard;📌 pushpin;📍 round pushpin;📎 paperclip;📏 straight ruler;✂ scissors;🗑 wastebasket
🔒 locked;🔓 unlocked;🔐 locked with key;🔑 key;🗝 old key;🔨 hammer;⛏ pick;⚒ hammer and pick;🛠 hammer and wrench;🗡 dagger;⚔ crossed swords;🏹 bow and arrow;🛡 shield;🔧 wrench;🔩 nut and bolt;⚙ gear;⚖ balance scale;🔗 link;⛓ chains;🧪 test tube;🔬 microscope;🔭 telescope;📡 satellite antenna;💉 syringe;🩸 drop of blood;💊 pill;🩺 stethoscope;🚪 door;🛏 bed;🚽 toilet;🚿 shower;🛁 bathtub;🧻 roll of paper;🧼 soap;🧹 broom;🛒 shopping cart;🚬 cigarette;⚰ coffin;⚱ funeral urn;🗿 moai
🏧 ATM sign;🚮 litter in bin sign;♿ wheelchair symbol;🚻 restroom;⚠ warning;🚸 children crossing;⛔ no entry;🚫 prohibited;🚭 no smoking;🔞 no one under eighteen;☢ radioactive;☣ biohazard;⬆ up arrow;➡ right arrow;⬇ down arrow;⬅ left arrow;↗ up-right arrow;🔙 BACK arrow;🔚 END arrow;🔛 ON! arrow;🔜 SOON arrow;🔝 TOP arrow;🛐 place of worship;✡ star of David;☯ yin yang;✝ latin cross;☦ orthodox cross;☪ star and crescent;☮ peace symbol;♈ Aries;♻ recycling symbol;⚜ fleur-de-lis;🔰 Japanese symbol for beginner
🔀 shuffle tracks button;🔁 repeat button;▶ play button;⏸ pause button;⏯ play or pause button;📶 antenna bars;♀ female sign;♂ male sign;✖ multiply;➕ plus;➖ minus;➗ divide;♾ infinity;‼ double exclamation mark;⁉ exclamation question mark;❓ red question mark;❔ white question mark;❕ white exclamation mark;❗ red exclamation mark;💲 heavy dollar sign;⚕ medical symbol;✅ check mark button;☑ check box with check;✔ check mark;✓ check mark;❌ cross mark;❎ cross mark button;❝ quotation mark;❞ quotation mark;🆒 COOL button;🆓 FREE button;🆕 NEW button;🆗 OK button;🆘 SOS button;🆙 UP! button;🆚 VS button;🔴 red circle;🟠 orange circle;🟡 yellow circle;🟢 green circle;🔵 blue circle;🟣 purple circle;⚫ black circle;⚪ white circle;🔶 large orange diamond;🔷 large blue diamond;🔸 small orange diamond;🔹 small blue diamond;🔺 red triangle pointed up;🔻 red triangle pointed down
🏁 chequered flag;🚩 triangular flag;🎌 crossed flags;🏴 black flag;🏳 white flag;🏳‍🌈 rainbow flag;🏳‍⚧ transgender flag;🏴‍☠ pirate flag;❤‍🔥 heart on fire;❤‍🩹 mending heart;😮‍💨 face exhaling;😵‍💫 face with spiral eyes;😶‍🌫 face in clouds;🐻‍❄ polar bear;🐕‍🦺 service dog;👁‍🗨 eye in speech bubble
`;

/** Professions: the joined thing, and what it makes of a man, a woman, a person. */
const trades: Readonly<Record<string, string>> = {
  "💻": "technologist",
  "🏫": "teacher",
  "🎓": "student",
  "🍳": "cook",
  "🔬": "scientist",
  "🚀": "astronaut",
  "🚒": "firefighter",
  "🎤": "singer",
  "🎨": "artist",
  "🌾": "farmer",
  "🏭": "factory worker",
  "🔧": "mechanic",
  "💼": "office worker",
  "⚕": "health worker",
  "⚖": "judge",
  "✈": "pilot",
};
const tones = /[\u{1f3fb}-\u{1f3ff}\ufe0e\ufe0f]/gu;
const joiner = "\u200d";

const names = new Map<string, string>();
for (const entry of table.split(/[;\n]/)) {
  const blank = entry.indexOf(" ");
  if (blank > 0) names.set(entry.slice(0, blank).replace(tones, ""), entry.slice(blank + 1));
}

let regions: Intl.DisplayNames | undefined;

function flagName(first: string, second: string): string | undefined {
  const code = String.fromCodePoint((first.codePointAt(0) ?? 0) - 0x1f1e6 + 65, (second.codePointAt(0) ?? 0) - 0x1f1e6 + 65);
  const name = (regions ??= new Intl.DisplayNames(["en"], { type: "region", fallback: "none" })).of(code);
  return name === undefined ? undefined : `flag ${name}`;
}

/** What an emoji, with all that is joined to it, is called; undefined: no name of it is known here. */
export function emojiName(emoji: string): string | undefined {
  const bare = emoji.replace(tones, "");
  const whole = names.get(bare);
  if (whole !== undefined) return whole;
  const points = Array.from(bare);
  const [first = "", second = ""] = points;
  if (points.length === 2 && /^\p{Regional_Indicator}{2}$/u.test(bare)) return flagName(first, second);
  if (/^[0-9#*]\u20e3$/u.test(bare)) return `keycap ${first}`;
  if (!bare.includes(joiner)) return undefined;
  const [who = "", ...rest] = bare.split(joiner);
  const name = names.get(who);
  const [what = ""] = rest;
  if (name === undefined) return undefined;
  if (what === "♀" || what === "♂") return name.replace(/^person\b/, what === "♀" ? "woman" : "man");
  const trade = trades[what];
  if (trade !== undefined && rest.length === 1) return `${name} ${trade}`;
  if (/^[👨👩🧑👧👦]$/u.test(rest.at(-1) ?? "")) return rest.includes("❤") ? "couple with heart" : "family";
  return name;
}
