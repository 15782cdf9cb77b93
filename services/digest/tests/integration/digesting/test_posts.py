"""What people push, however odd it is."""

import pytest

from digest import texts
from warren.contracts.digest_queries import AddPosts, CreateChannel, DeletePost, GetPost, ListPosts
from warren.contracts.digest_records import ChannelSpec, NewPost

from .desk import OWNER, Office


async def channel(office: Office) -> str:
    made = await office.ask(CreateChannel(owner=OWNER, spec=ChannelSpec(name="pushed")))
    return str(made.id)


async def test_the_same_posts_again_add_nothing_and_name_those_that_are_there(office: Office) -> None:
    query = AddPosts(
        owner=OWNER,
        channel_id=await channel(office),
        posts=(
            NewPost(external_id="1", title="By id"),
            NewPost(url="https://a.example/1", title="By URL"),
            NewPost(title="By text", text="The same words."),
            NewPost(external_id="1", title="By id, once more"),
        ),
    )

    first, second = await office.ask(query), await office.ask(query)

    assert [result.status for result in first.results] == ["added", "added", "added", "duplicate"]
    assert (second.added, second.duplicates) == (0, 4)
    assert [result.id for result in second.results] == [result.id for result in first.results]


async def test_each_post_is_taken_or_refused_by_itself(office: Office) -> None:
    posts = (
        NewPost(text="<p>Tom &amp; <b>Jerry</b><script>alert(1)</script></p><p>Second</p>"),
        NewPost(text="🎉 Party 👨‍👩‍👧"),
        NewPost(title="خبر عاجل", text="أعلنت الحكومة اليوم عن خطة جديدة."),
        NewPost(text="x" * 999_990),
        NewPost(text="x" * 1_000_001),
        NewPost(text=" <br> &nbsp; "),
        NewPost(title="bad", url="javascript:alert(1)"),
        NewPost(text="nul \0 and control \x1b[31m"),
    )

    added = await office.ask(AddPosts(owner=OWNER, channel_id=await channel(office), posts=posts))

    assert [result.code or result.status for result in added.results] == [
        "added", "added", "added", "added", "post.too_long", "post.empty", "post.invalid", "added",
    ]  # fmt: skip
    kept = [(await office.ask(GetPost(owner=OWNER, id=result.id))).text for result in added.results if result.id]
    assert kept[0] == "Tom & Jerry\nSecond"
    assert kept[1:3] == [posts[1].text, posts[2].text]
    assert kept[4] == "nul and control [31m"
    listed = (await office.ask(ListPosts(owner=OWNER))).data
    assert {len(post.text) for post in listed if post.truncated} == {2000}


async def test_posts_belong_to_their_owner(office: Office) -> None:
    query = AddPosts(owner=OWNER, channel_id=await channel(office), posts=(NewPost(title="mine"),))
    post = (await office.ask(query)).results[0].id

    assert await office.refusal(GetPost(owner="key_2", id=post)) == "post.not_found"
    assert await office.refusal(query.model_copy(update={"owner": "key_2"})) == "channel.not_found"
    assert await office.refusal(DeletePost(owner="key_2", id=post)) == "post.not_found"
    assert (await office.ask(ListPosts(owner="key_2"))).data == ()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a < b and c > d", "a < b and c > d"),
        ("wo<b>rd</b>", "word"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("&lt;b&gt;", "<b>"),
        ("  many   spaces \n\n\n and lines ", "many spaces\nand lines"),
        ("<" * 5000, "<" * 5000),
    ],
)
def test_html_becomes_what_a_reader_would_see(given: str, shown: str) -> None:
    assert texts.plain(given) == shown
