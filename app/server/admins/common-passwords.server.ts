/**
 * Common beginnings of guessing lists. `stems` are compared after digits and symbols at both ends are removed and
 * look-alike characters replaced, so each stands for hundreds of passwords. `whole` lists passwords of twelve or more
 * characters as they are.
 */
export const stems = new Set(
  `password passwords passwort passw motdepasse contrasena wachtwoord senha parola haslo hunter secret topsecret mysecret
  letmein letmeinnow openup opensesame welcome welcomeback welcomehome hello helloworld hellothere goodbye iloveyou iloveyouso ilovemyself
  iloveyouforever loveyou lovelove mylove truelove princess prettyprincess princesa angel babygirl babyboy sweetheart sunshine mysunshine
  youaremysunshine rainbow butterfly flower flowers football footballer baseball basketball hockey soccer softball volleyball tennis golfer
  superman batman spiderman ironman superstar superhero starwars startrek pokemon pikachu minecraft fortnite master mastermind dragon
  dragonball dragonballz monkey monkeys tiger tigers eagle eagles panther falcon phoenix unicorn shadow ghost killer hacker hacked ninja
  matrix trustno trustnoone trustme whatever nothing something anything everything admin admins administrator administration root rootroot
  toor superuser superadmin sysadmin system systemadmin user username userpass guest visitor test tester testing testtest testpassword
  temp temporary changeme changemenow changeit pleasechange pleasechangeme default defaultpassword login loginlogin mylogin access
  accessdenied account computer computers internet network server database oracle postgres mysql mongodb redis docker kubernetes linux
  ubuntu debian windows microsoft google facebook instagram twitter amazon apple samsung android iphone github gitlab company corporate
  office business enterprise production staging development developer secure security supersecure supersecret verysecret private
  confidential summer winter spring autumn summertime wintertime january february march april june july august september october november
  december monday tuesday wednesday thursday friday saturday sunday christmas merrychristmas halloween birthday happybirthday newyear
  happynewyear london paris berlin newyork newyorkcity chicago california america england germany france australia liverpool
  liverpoolfc manchester manchesterunited chelsea chelseafc arsenal arsenalfc barcelona realmadrid juventus yankees cowboys steelers
  lakers michael jordan michaeljordan jennifer jessica michelle daniel charlie thomas robert william jonathan christopher alexander
  elizabeth samantha victoria nicholas benjamin anthony andrew matthew joshua jesus jesuschrist godisgood godisgreat godislove blessed
  heaven mustang mercedes ferrari porsche corvette harleydavidson yamaha honda toyota metallica ironmaiden nirvana beatles thebeatles
  eminem slipknot blink chocolate icecream cookie cheese pepper ginger banana orange coffee pizza maggie buddy bailey snoopy garfield
  scooby mickeymouse mickey donald hellokitty winniethepooh qwerty qwertyuiop qwertyui qwertz qwertzuiop azerty azertyuiop asdf asdfgh
  asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc qazwsxedcrfv qweasd qweasdzxc qwertyasdfgh wasd poiuytrewq lkjhgfdsa mnbvcxz abc abcabc abcd
  abcdef abcdefgh abcdefghijkl abcdefghijklm correcthorsebatterystaple correcthorse`.split(/\s+/),
);

export const whole = new Set(
  `1q2w3e4r5t6y 1q2w3e4r5t6y7u 1q2w3e4r5t6y7u8i 1qaz2wsx3edc 1qaz2wsx3edc4rfv 1qazxsw23edc zaq12wsxcde3 zaq1xsw2cde3 q1w2e3r4t5y6
  q1w2e3r4t5y6u7i8 qwe123asd456 qwer1234asdf qwerty123456 123qweasdzxc 123456qwerty qwertyuiop12 1234qwerasdf 1234567890qw 12345qwertyuiop
  987654321abc abc123abc123 abcd1234efgh a1b2c3d4e5f6 aa123456789a asdf1234qwer asdfghjkl123 zxcvbnm12345 pass1234pass password1234
  administrator1 thequickbrownfox ilovemymother ilovemyfamily ilovemydaddy jesuslovesme lovemylife123
  monkeymonkey blahblahblah nopassword12 idontknow123 whoareyou123 whatsup12345 fuckyou12345 fuckyoufuckyou motherfucker
  motherfucker1`.split(/\s+/),
);
