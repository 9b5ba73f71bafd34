/**
 * What short forms stand for, by language: a form, what it says; entries parted by semicolons. Forms that are words of the language
 * themselves are left out, and so are single capitals. hi: Hindi in Latin letters, brought to its commonest spelling.
 */
const tables: Readonly<Record<string, string>> = {
  en: `
u you;ur your;r are;urs yours;u're you are;ya you;yall you all;y'all you all;yr your;ure you are;youre you are;dont do not;doesnt does not;didnt did not;isnt is not;wasnt was not
arent are not;werent were not;wont will not;wouldnt would not;cant cannot;couldnt could not;shouldnt should not;hasnt has not;havent have not;hadnt had not;aint is not;ain't is not
thats that is;whats what is;hes he is;shes she is;theyre they are;ive i have;im i am;lets let us
nd and;w/ with;w/o without;wo without;b4 before;bc because;b/c because;bcoz because;coz because;cuz because;cos because;cus because;becuz because;bcuz because;bcos because;tho though
altho although;thru through;til until;abt about;wrt with respect to;btw by the way;btwn between;w8 wait;m8 mate;gr8 great;l8 late;l8r later;h8 hate;h8r hater;h8rs haters;h8ers haters
2day today;2moro tomorrow;2morrow tomorrow;2nite tonight;2night tonight;4ever forever;4eva forever;any1 anyone;every1 everyone;some1 someone;sum1 someone;ne1 anyone;str8 straight
f8 fate;d8 date;sk8 skate;2gether together;b2b back to back
tmrw tomorrow;tmr tomorrow;tmw tomorrow;tomoz tomorrow;tonite tonight;2nt tonight;yday yesterday;wknd weekend;wkend weekend;bday birthday;b-day birthday;hbd happy birthday;gm good morning
gn good night;goodnite good night;nite night;mornin morning;xmas christmas;vday valentine's day;bf boyfriend;gf girlfriend;bff best friend forever;bffs best friends forever;bestie best friend
besties best friends;fam family;sis sister;bro brother;bruh brother;bruv brother;cuzzo cousin;hubby husband;wifey wife;ppl people;peeps people;fwends friends;frnd friend;frnds friends
frend friend;luv love;luvs loves;luvd loved;lov love;lurve love;lovin loving;ily i love you;ilysm i love you so much;ilu i love you;iloveyou i love you
thx thanks;thnx thanks;tnx thanks;thanx thanks;thks thanks;thnks thanks;thankyou thank you;ty thank you;tysm thank you so much;tyvm thank you very much;yw you are welcome;np no problem
nvm never mind;nvmd never mind;pls please;plz please;plzz please;plse please;pleez please;sry sorry;srry sorry;soz sorry;kk okay;okk okay;okie okay;ok okay;kewl cool;kool cool;yup yes;yep yes
yeah yes;yea yes;yass yes;yasss yes;yaas yes;nah no;nope no;naw no;noes no
lol laughing;lols laughing;lolz laughing;lool laughing;lmao laughing hard;lmfao laughing very hard;lmaoo laughing hard;rofl rolling on the floor laughing;roflmao rolling on the floor laughing
lel laughing;kek laughing;hehe laughing;haha laughing;hahah laughing;xd laughing;omg oh my god;omfg oh my fucking god;omgg oh my god;omw on my way;wtf what the fuck;wth what the hell
wtaf what the actual fuck;tf the fuck;af as fuck;asf as fuck;ffs for fuck's sake;fml fuck my life;gtfo get the fuck out;stfu shut the fuck up;fu fuck you;smh shaking my head
smfh shaking my head;ftw for the win;bs bullshit;kys kill yourself;kms kill myself;jfc jesus fucking christ;mf motherfucker;mfs motherfuckers;mofo motherfucker;biatch bitch;biotch bitch
azz ass;dumass dumbass;fkn fucking;fkin fucking;fckn fucking;fcking fucking;fckin fucking;effing fucking;freakin freaking;friggin freaking;fuk fuck;fuc fuck;fck fuck;phuck fuck
fuckin fucking;fuking fucking;sht shit;btch bitch;bich bitch;dmn damn
idk i do not know;idc i do not care;idgaf i do not give a fuck;idgi i do not get it;iirc if i recall correctly;imo in my opinion;imho in my humble opinion;imao in my arrogant opinion
afaik as far as i know;aka also known as;asap as soon as possible;atm at the moment;afk away from keyboard;brb be right back;bbl be back later;bbs be back soon;cya see you;cu see you
cul8r see you later;ttyl talk to you later;ttyt talk to you tomorrow;tbh to be honest;tbf to be fair;tfw that feeling when;mfw my face when;mrw my reaction when
tldr too long did not read;ngl not going to lie;nbd no big deal;ootd outfit of the day;otw on the way;rn right now;rly really;rlly really;srsly seriously;srs serious
sus suspicious;sup what is up;wassup what is up;wazzup what is up;whatcha what are you;whaddup what is up;wyd what are you doing;wbu what about you;hbu how about you;hru how are you
jk just kidding;j/k just kidding;jw just wondering;icymi in case you missed it;iykyk if you know you know;irl in real life;istg i swear to god;frfr for real;fyi for your information
ftfy fixed that for you;hmu hit me up;lmk let me know;lmaooo laughing hard;gg good game;ez easy;noob beginner;n00b beginner;pwn own;pwned owned;tmi too much information
fomo fear of missing out;yolo you only live once;bae babe
gonna going to;gunna going to;gotta got to;wanna want to;wana want to;hafta have to;oughta ought to;outta out of;kinda kind of;sorta sort of;lotta lot of;lemme let me;gimme give me
gimmie give me;dunno do not know;donno do not know;whatevs whatever;tryna trying to;finna going to;imma i am going to;ima i am going to;coulda could have;woulda would have;shoulda should have
musta must have;innit is it not;dat that;dis this;dem them;dey they;teh the;tha the;wit with;wid with;wat what;wut what;wot what;wha what;wen when;nuthin nothing;nuttin nothing;nothin nothing
somethin something;sumthin something;sumthing something;everythin everything;thang thing;comin coming;goin going;doin doing;gettin getting;makin making;talkin talking;lookin looking
livin living;workin working;tryin trying;sayin saying;waitin waiting;feelin feeling;watchin watching;playin playing;nuff enough;enuf enough;enuff enough;skool school;skewl school;gud good
guud good;bttr better;betta better;neva never;nvr never;nevr never;eva ever;evr ever;evry every;evrything everything;evryone everyone;alot a lot;alright all right;aight all right
ight all right;defo definitely;prolly probably;probs probably;obvs obviously;obv obviously;totes totally;perf perfect;awks awkward;cray crazy;crazay crazy;fav favourite;fave favourite
favs favourites;msg message;msgs messages;txt text;pic picture;pics pictures;pix pictures;vid video;vids videos;insta instagram;fb facebook;yt youtube;govt government;pres president
dems democrats;repubs republicans;natl national;intl international;acct account;appt appointment;approx approximately;esp especially;spesh especially;govn government;mgmt management
mkt market;xoxo hugs and kisses;wkly weekly`,
  es: `
q que;k que;qe que;ke que;xq porque;pq porque;xk porque;pk porque;porq porque;xke porque;xa para;xfa por favor;xfavor por favor;porfa por favor;porfis por favor;tb también;tbn también
tmb también;tbm también;tmbn también;dl del;dnd donde;dnde donde;cdo cuando;cnd cuando;cuand cuando;cm como;kmo como;komo como;cmo como;bn bien;bno bueno;mxo mucho;muxo mucho;mcho mucho
xao chao;tq te quiero;tqm te quiero mucho;tkm te quiero mucho;tk te quiero;tqi te quiero;ntp no te preocupes;grax gracias;grcs gracias;grs gracias;gcs gracias;graciass gracias;bss besos
salu2 saludos;sldos saludos;fds fin de semana;finde fin de semana;findes fines de semana;hl hasta luego;msj mensaje;msjs mensajes;mjs mensaje;wpp whatsapp;wsp whatsapp;wsap whatsapp
tel teléfono;dps después;dsp después;desp después;ahr ahora;aora ahora;sta está;stoy estoy;toy estoy;ntnc entonces;entncs entonces;tonces entonces;nd nada;nda nada;tdo todo;td todo;tds todos
tods todos;sbs sabes;sabs sabes;kiero quiero;qiero quiero;qero quiero;kieres quieres;qieres quieres;aki aquí;aqi aquí;asik así que;asike así que;x2 igual;jaja risa;jajaja risa;jeje risa
jiji risa;jajaj risa;ajaj risa;hdp hijo de puta;ptm puta madre;ptmr puta madre;ctm concha de tu madre;alv a la verga;vrg verga;pndj pendejo;wey güey;gue güey;vdd verdad;vd verdad;vrdd verdad
ps pues;pz pues;pus pues;nms no manches;nmms no mames;cel celular;peli película;pelis películas;profe profesor;cole colegio;uni universidad;insti instituto;bici bicicleta;tele televisión
cumple cumpleaños`,
  fr: `
jsp je ne sais pas;jpp je n'en peux plus;jtm je t'aime;jtdr je t'adore;jsuis je suis;chui je suis;chuis je suis;jsui je suis;jvais je vais;jveux je veux;jpense je pense;jai j'ai;jaime j'aime
jcrois je crois;tkt ne t'inquiète pas;tqt ne t'inquiète pas;tt tout;ts tous;tte toute;ttes toutes;tjs toujours;tjrs toujours;tjr toujours;bcp beaucoup;bp beaucoup;bcoup beaucoup;pk pourquoi
pkoi pourquoi;pq pourquoi;prk pourquoi;pcq parce que;pck parce que;psk parce que;pcke parce que;qd quand;kan quand;qqn quelqu'un;qqun quelqu'un;qqch quelque chose;qqc quelque chose
qq quelques;slt salut;bjr bonjour;bsr bonsoir;mrc merci;mci merci;merki merci;stp s'il te plaît;svp s'il vous plaît;dsl désolé;dslé désolé;dzl désolé;cad c'est-à-dire;cmt comment;cb combien
cv ça va;sava ça va;ct c'était;cété c'était;cst c'est;ns nous;vs vous;ds dans;avc avec;dc donc;dnc donc;pdt pendant;nn non;ui oui;ouai oui;ouais oui;oué oui;wai oui;wesh salut;tg ta gueule
ftg ferme ta gueule;fdp fils de pute;ntm nique ta mère;mdr rire;mdrr rire;mdrrr rire;ptdr rire fort;ptdrr rire fort;xptdr rire fort;pti petit;ptite petite;ptit petit;bg beau gosse;bsx bisous
biz bises;bizz bises;bisx bisous;a+ à plus;a12c4 à un de ces quatre;auj aujourd'hui;ajd aujourd'hui;aprem après-midi;aprm après-midi;dem1 demain;2m1 demain;2main demain;rdv rendez-vous
rdvs rendez-vous;msg message;ordi ordinateur;appart appartement;resto restaurant;ciné cinéma;koi quoi;kwa quoi;keske qu'est-ce que;kelk quelque;kelkun quelqu'un;jms jamais;jamé jamais
vrmt vraiment;vrm vraiment;grv grave;chelou louche;ouf fou;relou lourd;meuf femme;keuf policier;teuf fête;zarbi bizarre;vener énervé;vnr énervé`,
  de: `
ka keine ahnung;kp kein plan;kb kein bock;kd kein ding;hdl hab dich lieb;hdgdl hab dich ganz doll lieb;ild ich liebe dich;ilde ich liebe dich;wd wieder da;vllt vielleicht;vlt vielleicht
vlcht vielleicht;viellt vielleicht;iwie irgendwie;iwas irgendwas;iwann irgendwann;iwo irgendwo;iwer irgendwer;irgendwi irgendwie;zb zum beispiel;usw und so weiter;bzw beziehungsweise
evtl eventuell;evt eventuell;eig eigentlich;eigtl eigentlich;eigl eigentlich;mmn meiner meinung nach;bissl bisschen;bisl bisschen;bissle bisschen;bissi bisschen;nich nicht;nid nicht
nisch nicht;ned nicht;nö nein;nee nein;joa ja;jup ja;jep ja;habn haben;hamma haben wir;isses ist es;isn ist ein;gibts gibt es;gehts geht es;wärs wäre es;wars war es;hats hat es;aufm auf dem
aufn auf den;fürn für den;fürs für das;ausm aus dem;nix nichts;nüx nichts;bitteschön bitte;biddeee bitte;bidde bitte;thx danke;dankö danke;dankeee danke;lg liebe grüße;vg viele grüße
mfg mit freundlichen grüßen;gn8 gute nacht;n8 nacht;gn gute nacht;gm guten morgen;gumo guten morgen;moin guten morgen;servus hallo;tach guten tag;bbs bis bald;wochenend wochenende
gebu geburtstag;sry entschuldigung;omg oh mein gott;ohgott oh gott;lol lachen;rofl lachen;xd lachen;haha lachen;hihi lachen;wtf was zum teufel;btw übrigens;alda alter;digga dicker
digger dicker;diggi dicker;alla alter;pls bitte;plz bitte;bitt bitte;morgn morgen;gestan gestern;kommste kommst du;haste hast du;biste bist du;kannste kannst du;willste willst du
weisste weißt du;weißte weißt du;siehste siehst du;gehste gehst du;machste machst du;hdf halt die fresse;fu fick dich;huso hurensohn`,
  pt: `
vc você;vcs vocês;vce você;cê você;oc você;tb também;tbm também;tmb também;tbem também;pq porque;pqe porque;porq porque;q que;qe que;ke que;oq o que;oque o que;qnd quando;qd quando;qdo quando
qnto quanto;qto quanto;qm quem;qlqr qualquer;qq qualquer;nao não;ñ não;naum não;nd nada;nda nada;td tudo;tds todos;tdo tudo;tdos todos;mt muito;mto muito;mta muita;mts muitos;mtos muitos
mtas muitas;mui muito;mó muito;hj hoje;hje hoje;agr agora;agra agora;dps depois;dpois depois;dp depois;cmg comigo;ctg contigo;cntg contigo;cm com;pra para;pras para as;pros para os;tá está
tah está;tô estou;tava estava;tavam estavam;tao tão;tamo estamos;vamo vamos;bora vamos;simbora vamos;eh é;neh não é;né não é;aki aqui;aq aqui;akele aquele;aqele aquele;blz beleza;blza beleza
flw falou;vlw valeu;vlww valeu;obg obrigado;obgd obrigado;obgda obrigada;obrigadoo obrigado;brigado obrigado;brigada obrigada;pfv por favor;pfvr por favor;pf por favor;pls por favor;bj beijo
bjs beijos;bjo beijo;bjos beijos;bjss beijos;abs abraços;abç abraço;abçs abraços;fds fim de semana;fdp filho da puta;pqp puta que pariu;vsf vai se foder;vtnc vai tomar no cu;tnc tomar no cu
krl caralho;krlh caralho;crl caralho;caraio caralho;crlh caralho;porraa porra;slk sai louco;slc sai louco;sdds saudades;sdd saudade;sds saudades;sqn só que não;tlgd está ligado
tlg está ligado;tmj estamos juntos;tmjt estamos juntos;mds meu deus;mdss meu deus;nss nossa senhora;nssa nossa;gnt gente;gt gente;msm mesmo;msma mesma;mlk moleque;mlq moleque;mano irmão
vdd verdade;vdds verdades;sla sei lá;sss sim;rs risos;rsrs risos;rsrsrs risos;kk risos;kkk risos;kkkk risos;kkkkk risos;kkkkkk risos;hahaha risos;huehue risos;niver aniversário
aniver aniversário;facul faculdade;fone telefone;cel celular;insta instagram;zap whatsapp;wpp whatsapp;whats whatsapp;dlç delícia;dlc delícia;lgl legal;bm bem;bjão beijão;jah já;soh só
soq só que`,
  it: `
cmq comunque;cmnq comunque;cm come;nn non;nnt niente;nnte niente;xké perché;xke perché;xchè perché;xché perché;xche perché;xk perché;perchè perché;perke perché;perké perché;pk perché;x per
xò però;xo però;xciò perciò;xsone persone;xsona persona;qst questo;qsto questo;qsta questa;qsti questi;qlc qualcosa;qlcs qualcosa;qlcn qualcuno;qlcuno qualcuno;qlcosa qualcosa;qnd quando
qndo quando;qnt quanto;qnto quanto;ke che;k che;ki chi;kosa cosa;cs cosa;csa cosa;ks cosa;anke anche;anch anche;poki pochi;pokissimo pochissimo;tt tutto;tto tutto;tti tutti;ttt tutto
tutt tutti;tnt tanto;tnto tanto;tvb ti voglio bene;tvtb ti voglio tanto bene;tvttb ti voglio tantissimo bene;tvumdb ti voglio un mondo di bene;tamo ti amo;dv dove;dp dopo;dmn domani
grz grazie;gz grazie;grazieee grazie;thx grazie;prg prego;pls per favore;plz per favore;xfavore per favore;scs scusa;scsa scusa;scst scusate;sry scusa;msg messaggio;mex messaggio;asp aspetta
risp rispondi;rx rispondi;c6 ci sei;nm nulla;bn bene;bnn bene;bne bene;bg buongiorno;bngrn buongiorno;buond buongiorno;buonagg buona giornata;bnotte buonanotte;bn8 buonanotte;ciaoo ciao
bcn bacione;bax baci;baxi baci;sn sono;sno sono;slo solo;smp sempre;smpr sempre;semp sempre;spt soprattutto;spr spero;fidanz fidanzato;raga ragazzi;ragà ragazzi;rega ragazzi;regà ragazzi
cell cellulare;cel cellulare;vd vedi;vdo vedo;vnrd venerdì;ahah risata;ahaha risata;ahahah risata;ahahaha risata;haha risata;lol risata;xd risata;daje forza;boh non so;bho non so
vaff vaffanculo;fanculo vaffanculo;ffc vaffanculo;mrd merda;mrda merda;czz cazzo;kazzo cazzo;kz cazzo;czzo cazzo;strnz stronzo;strnzo stronzo;coglion coglione;cgln coglione`,
  hi: `
h hai;hn hai;hy hai;hei hai;k ke;kr kar;krna karna;krne karne;krta karta;krte karte;krti karti;kro karo;krke karke;krk karke;krdo kar do;krdi kar di;krdiya kar diya;krra kar raha
krrha kar raha;rha raha;rhe rahe;rhi rahi;rh rahe;nhi nahi;nai nahi;nahin nahi;nahii nahi;nii nahi;ni nahi;nh nahi;nhin nahi;nahe nahi;mai main;mjhe mujhe;muje mujhe;mujhy mujhe;mujko mujhko
mko mujhko;mra mera;mre mere;mri meri;ap aap;app aap;apka aapka;apke aapke;apki aapki;apko aapko;tm tum;tmhe tumhe;tmhara tumhara;tmhari tumhari;tmko tumko;tra tera;tre tere;kia kya;kyaa kya
ky kya;kyu kyun;kyo kyun;kyon kyun;kese kaise;kse kaise;ksa kaisa;kesa kaisa;kb kab;abi abhi;abh abhi;tb tab;jb jab;sb sab;sbko sabko;bi bhi;bhe bhi;tho toh;pr par;pe par;yr yaar;yar yaar
yrr yaar;yaara yaar;bhaii bhai;vai bhai;bhy bhai;dst dost;frnd dost;bht bahut;bhut bahut;bohot bahut;bhot bahut;boht bahut;bahot bahut;bhoot bahut;acha accha;achha accha;axa accha
acchha accha;achi acchi;ache acche;thk theek;thik theek;tik theek;haa haan;han haan;ha haan;hnji haan ji;shi sahi;sai sahi;glt galat;pta pata;ptaa pata;mtlb matlab;mtlab matlab;matlb matlab
lkn lekin;lekn lekin;magr magar;aor aur;smjh samajh;smj samajh;smjha samjha;dkh dekh;dkho dekho;bta bata;btao batao;bato batao;btaya bataya;chl chal;chlo chalo;jldi jaldi;jyada zyada
jada zyada;ziada zyada;thda thoda;kch kuch;kuchh kuch;ghr ghar;pyr pyaar;pyar pyaar;zindgi zindagi;jindgi zindagi;jindagi zindagi;dhanyvad dhanyavaad;dhanyawad dhanyavaad;nmste namaste
namstey namaste;mst mast;bkwas bakwas;bakvas bakwas;chutya chutiya;chutia chutiya;ctya chutiya;bc behenchod;bhenchod behenchod;mc madarchod;bsdk bhosdike;bkl bhosdike;gndu gandu`,
};

/** Words that people hide by stars, figures and gaps. They stand here so that what hides them can be undone; endings may follow. */
export const hiddenWords: readonly string[] = (
  "fuck shit bitch ass asshole cunt dick pussy cock bastard damn hell crap whore slut hoe twat prick wanker bollocks piss tits boobs nude nudes sex porn cum fag faggot dyke tranny retard retarded nigger nigga " +
  "spic chink kike paki coon gook raghead dumbass jackass bullshit motherfucker motherfucking rape rapist kill murder die dead death suicide hate hater hated nazi hitler terrorist bomb drugs cocaine weed heroin " +
  "racist racism loser stupid idiot moron ugly kys covid vaccine viagra casino free money crypto bitcoin scam puta puto mierda cabron pendejo merda caralho porra cazzo stronzo merde putain connard scheisse arschloch hurensohn fick fotze"
).split(" ");

const bySlang = new Map<string, ReadonlyMap<string, string>>();
for (const [language, table] of Object.entries(tables)) {
  const forms = new Map<string, string>();
  for (const entry of table.trim().split(/[;\n]/)) {
    const blank = entry.indexOf(" ");
    const [form, means] = [entry.slice(0, blank), entry.slice(blank + 1)];
    if (blank > 0 && form !== means) forms.set(form, means);
  }
  bySlang.set(language, forms);
}

const none: ReadonlyMap<string, string> = new Map();

/** Short forms of a language and what each stands for; of one without a table, none. */
export function slangOf(language: string): ReadonlyMap<string, string> {
  return bySlang.get(language) ?? none;
}
