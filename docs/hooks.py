"""For mkdocs: the examples, which the cookbook links to, become files of the site."""

from pathlib import Path

from mkdocs.structure.files import File

EXAMPLES = Path(__file__).parent.parent / "examples"


def on_files(files, config):
    for path in sorted(EXAMPLES.glob("[0-9]*.py")):
        name = f"examples/{path.name}"
        files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown, page, **_):
    if page.file.src_uri == "cookbook.md":
        return markdown.replace("](../examples/", "](examples/")
    return markdown
