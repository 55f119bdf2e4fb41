"""English ways to type what the grammar knows in other words; `typed_words` says how to read them."""

from __future__ import annotations

WAYS = """
{}: please {}; could you {}; can you {}; would you {}; will you {}; excuse me {}; hi {}; hello {}; hey {};
    good morning {}; good afternoon {}; good evening {}; i would like to {}; id like to {}; i want to {};
    i need to {}; i would like you to {}; id like you to {}; i want you to {}; lets {}; let us {};
    tell me {}; can i {}; may i {}; could i {}; do you know {}; well {}; so {}; um {}; oh {}; okay {};
    ok {}; {} please; {} for me; {} for us; {} now; {} right now; {} thanks; {} thank you; make it {};
    {} asap; {} if you can; {} if possible; {} for the kitchen; {} as soon as possible
order {}: send me {}; send us {}; send {}; bring me {}; bring us {}; bring {}; buy me {}; buy us {};
    get us {}; get {}; order me {}; order us {}; fetch me {}; fetch {}; put in an order for {};
    place an order for {}; ill have {}; i will have {}; ill take {}; i will take {}; i am ordering {};
    we are out of {}; were out of {}; im out of {}; i am out of {}; we have run out of {};
    weve run out of {}; we ran out of {}; i have run out of {}; ive run out of {}; i ran out of {};
    out of {}; we could use {}; we are running out of {}; were running out of {}; im running out of {};
    restock {}; order the {}; order some {}; order some more {}; order more {}; buy the {}; buy some {};
    i need some {}; i need more {}; we need some {}; we need more {}; i need the {}; i want some {};
    i want more {}; id like some {}; i would like some {}; give me some {}; get me some {};
    can i get some {}; can i have some {}; could i have some {}; some {}; may i have some {}; have {};
    add {}
order one {}: order another {}; get me another {}; i need another {}; another {}
make it {}: change it to {}; change that to {}; change to {}; {} instead; i want {} instead;
    actually just {}; just {}; only {}; actually only {}; i only want {}; i just want {};
    make that just {}; better {}; rather {}; i would rather have {}
add {}: i also need {}; i also want {}; also {}; add {} to my order; add {} to the order;
    add {} to my basket; add {} to the basket; add {} to it; add {} too; add {} as well; add some {};
    and some {}; and the {}; put {} in my basket; put {} in the basket; {} too; {} as well
add one {}: one more {}; and another {}; add another {}; add one more {}
how much is {}: cost of {}; price for {}; {} price; how expensive is {}; how much money is {};
    how much do you want for {}; how dear is {}; what do you charge for {}; how much are some {};
    how much is some {}; how much to buy {}
do you have {}: do you sell {}; do you stock {}; are there any {}; do you have some {};
    have you got some {}; do you still have {}; can i still get {}; do you carry {}
where is {}: where do you keep {}; which shelf is {} on; what shelf is {} on; where would i find {};
    where can i get {}; in which aisle is {}; where are some {}; which bin is {} in; what bin is {} in
what does it fit: does it fit; will it fit; would it fit; what will it fit
what goes with {}: what can i use with {}; what do i need for {}; what else do i need for {};
    what goes together with {}; what fits with {}; what matches {}
when would {} come: when would {} arrive if i ordered it now; when would {} come if i ordered it now;
    when can i have {}; how soon can i have {}; how soon can i get {}; when will i get {};
    when would i get {}; how long does {} take
when would it come: when do i get it; when will i get it; how long does it take; how long will it take;
    when can i have it; when is it coming; when is the delivery; how fast is delivery;
    how soon will it be here; how soon can i have it; when is delivery; what day will it come;
    what day does it come; when would i get it; when will that come
any offers: anything on sale; is anything on sale; is there anything on sale; what is on sale;
    what is on offer this week; whats on offer this week; any offers this week; any special offers;
    any bargains; what is cheap; whats cheap; whats cheap today; are there any special offers
where is my order: has my order shipped; has my order been shipped; did my order arrive; is my order here;
    when is my order coming; my order; is my order confirmed; did you order it; did you send my order;
    was my order placed; when do i get my order; when will i get my order; when is my delivery coming;
    where is my delivery; wheres my delivery; where is my parcel; where are my things; has it shipped;
    do i have any orders; do i have an order; are there any orders; what is my order;
    has it been ordered; is it ordered; when will my things come; how is my order
add it to the list and order on monday: order it on monday; do it on monday; order that on monday;
    buy it on monday; order them on monday
add it to the list and order on tuesday: order it on tuesday; do it on tuesday; order that on tuesday;
    buy it on tuesday; order them on tuesday
add it to the list and order on wednesday: order it on wednesday; do it on wednesday;
    order that on wednesday; buy it on wednesday; order them on wednesday
add it to the list and order on thursday: order it on thursday; do it on thursday; order that on thursday;
    buy it on thursday; order them on thursday
add it to the list and order on friday: order it on friday; do it on friday; order that on friday;
    buy it on friday; order them on friday
add it to the list and order on saturday: order it on saturday; do it on saturday; order that on saturday;
    buy it on saturday; order them on saturday
add it to the list and order on sunday: order it on sunday; do it on sunday; order that on sunday;
    buy it on sunday; order them on sunday
add it to the list and order tomorrow: order it tomorrow; do it tomorrow; order that tomorrow;
    buy it tomorrow; order them tomorrow
i want to return it: return it; return {}; send {} back; send it back; how do i send it back;
    how do i return {}; how can i return {}; get a refund; i want a refund; give it back; exchange it;
    it is broken; it came broken; it arrived broken; it arrived damaged; it is damaged; refund
cancel my last order: take back my order; take my order back; revoke my order; call off my order;
    cancel what i ordered; cancel the order i made
what did i order {}: what did i buy {}; what have i bought {}; show me what i ordered {};
    show what i ordered {}; what orders did i make {}; my orders {}; show my orders {}; show me my orders {}
what did i order this month: show my orders; show me my orders; list my orders; my orders; what did i order;
    what have i ordered; what did i buy; what have i bought
what did we order {}: what did we buy {}; what have we bought {}; what did everybody order {}
how much did i spend {}: what have i spent {}; how much money did i spend {}; how much did i pay {};
    my spending {}; how much money have i spent {}
how much did we spend {}: what have we spent {}; how much money did we spend {}; how much did we pay {};
    how much money have we spent {}
cancel: leave it; skip it; i do not want it; i dont want it; i do not want that; i dont want that
talk to a person: talk to someone; talk to somebody; speak to someone; speak to somebody; call a person;
    phone the shop; ring the shop; i need a person; human; customer service; real person; i want a person;
    talk to a real person; speak to a real person; speak with a person; talk with a person;
    can someone help me; can somebody help me; can somebody call me; can someone call me;
    i need help from a person; i have a complaint; complain; i want to complain; complaint;
    talk to the shop; speak to the shop; speak to the manager; talk to the manager
that was wrong: you misunderstood me; you misunderstood; wrong; you made a mistake; that is a mistake;
    that was a mistake; you heard me wrong; you got it wrong; this is wrong; it is wrong;
    you understood me wrong; that is the wrong thing; that was the wrong one
help: how does this work; how does it work; what can i order; what can i buy; how do i order;
    how do i use this; what do i do; what do i do now; instructions; commands; menu; what do you sell;
    who are you; what are you; what is this; show me what to do; how can i order; what should i say;
    what do i type; what can i type; what can i ask
repeat that: what did you say; pardon; sorry; come again; say again; once more; what was that; what;
    read it again; read that again; show it again; show me again; what do i have; what is in my order;
    whats in my order; what is in my basket; whats in my basket
enrol me: enrol my voice; save my voice; sign me up; i am new here; im new here; enroll my voice;
    add my voice; know my voice
forget my voice: delete my data; erase me; erase my data; remove me; forget everything about me;
    erase my voice; remove my data; forget my data
what do you know about me: what do you have on me; what have you stored about me;
    what do you store about me; show me my data; show my data; do you know me; do you know who i am;
    what data do you keep
what do i usually forget: what would you recommend; what do you recommend; recommend something;
    what should i buy; any recommendations; any suggestions; suggest something; do you recommend anything;
    what do you suggest; what would you suggest
what is running low: what is nearly empty; what are we running out of; do we need anything; what is missing;
    is anything nearly empty; is anything low; is something running low; what runs low; whats nearly empty;
    is anything missing
order the list {}: remind me {}; remind me of the list {}
what is on the list: is {} on the list; is {} on my list; show list; my list; the list; shopping list;
    my shopping list; open the list; open my list; whats the list; what did i put on the list;
    what is in the list; list
clear the list: delete the list; delete my list; wipe the list; start a new list; new list;
    delete my shopping list; erase the list
add {} to the list: write {} on the list; write {} on my list; write down {}; note down {};
    remind me to buy {}; remind me to get {}; remind me to order {}; put {} in the list
take {} off the list: strike {} off the list; strike {} from the list; drop {} from the list
the usual: order the usual thing; the usual thing; usual; what i always order; as always
same as last time: repeat my last order; repeat the last order; reorder; order again; same as before;
    the same as before; the same order again; my last order again; order it again;
    order what i had last time; order what i ordered last time; same order as last time
same as last week: order what i had last week; order what i ordered last week; same order as last week;
    what i had last week
give me a quote for {}: get a quote for {}; quote me {}; we need a quote for {}
give me a quote: get a quote; quote; we need a quote; a quote
"""

PRICE_OF_IT = """
how much is that; how much is it; how much are they; how much does it cost; how much does that cost;
what does it cost; what does that cost; what is the total; whats the total; what is my total; whats my total;
my total; how much in total; how much altogether; how much is it altogether; how much; what is the price;
whats the price; total; how much will it be; how much is this; how much is it all; what will that be
"""

KINDS = """
what kinds of {} do you have; what kind of {} do you have; what types of {} do you have; which {} do you have;
what sorts of {} do you have; what {} do you have; which {} is there; what {} is there; what {} are there;
which {} are there; what kinds of {} are there; what other {} do you have; show me all {}; show all {};
list all {}; list {}; what {} do you sell; which {} do you sell; what {} have you got; show me {}
"""
