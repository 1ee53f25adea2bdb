#include "ui/page.h"

struct page page_on(struct area a, int skip)
{
	return (struct page){ .area = a, .y = skip > 0 ? -skip : 0 };
}

struct area page_line(struct page *p)
{
	int y = p->y++;

	if (y < 0 || y >= p->area.height)
		return area_sub(p->area, 0, 0, 0, 0);
	return area_sub(p->area, 0, y, p->area.width, 1);
}

bool page_full(const struct page *p)
{
	return p->y >= p->area.height;
}

void page_wrap(struct page *p, int x, enum style s, const char *text)
{
	struct area a = area_sub(p->area, x, 0, p->area.width - x - 1, p->area.height);

	if (a.width > 0)
		p->y += area_wrap(a, p->y, s, text);
}

void page_field(struct page *p, int x, const char *name, enum style s, const char *value)
{
	int y = p->y;

	if (y >= 0 && y < p->area.height)
		area_text(area_sub(p->area, 3, y, x - 4, 1), 0, 0, STYLE_DIM, name);
	page_wrap(p, x, s, value);
	if (p->y == y)
		p->y++;
}

void page_empty(struct area a, const char *what, const char *next)
{
	struct page p = page_on(a, 0);

	page_line(&p);
	page_wrap(&p, 2, STYLE_PLAIN, what);
	page_wrap(&p, 2, STYLE_DIM, next);
}
